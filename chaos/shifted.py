"""How does the clock of one process go wrong? A library in front of the system's own adds what a file says. Needs a C compiler."""

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.scenes.house import House

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t shift(void) {
    static volatile int64_t *shared = 0;
    if (!shared) {
        const char *name = getenv("CHAOS_SHIFT");
        int file = name ? open(name, O_RDONLY) : -1;
        if (file < 0) return 0;
        void *at = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if (at == MAP_FAILED) return 0;
        shared = at;
    }
    return *shared;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *) = 0;
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(which, now);
    if (!done && which == CLOCK_REALTIME) now->tv_sec += shift();
    return done;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec fine;
    clock_gettime(CLOCK_REALTIME, &fine);
    now->tv_sec = fine.tv_sec;
    now->tv_usec = fine.tv_nsec / 1000;
    return 0;
}
"""


@dataclass
class Shift:
    """The clock of whoever is started with these variables."""

    file: Path
    environ: dict[str, str]

    def by(self, seconds: int) -> None:
        """From now on it is so far ahead, or behind."""
        with self.file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))


def shift(house: House, name: str) -> Shift:
    """A clock that is right until it is told otherwise.

    Raises:
        RuntimeError: when there is no compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("a clock that goes wrong needs a C compiler (cc)")
    source, library = house.folder / "shift.c", house.folder / "shift.so"
    if not library.exists():
        source.write_text(_SOURCE)
        flags = ["-O1", "-shared", "-fPIC", "-ldl"]
        command = [compiler, "-o", str(library), str(source), *flags]
        subprocess.run(command, check=True, timeout=60)
    file = house.folder / f"{name}.shift"
    file.write_bytes(bytes(8))
    environ = {"LD_PRELOAD": str(library), "CHAOS_SHIFT": str(file)}
    return Shift(file, environ)
