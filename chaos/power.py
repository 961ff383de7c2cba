"""What does a power cut leave of SQLite's log? What was synced; what was only written is gone.

Killing processes does not show it, because the kernel keeps what they wrote. So a library is put in front of the system's own, into
the worker processes of one scene: it notes how far the log was written and how far it was synced, and after the kill whatever
was not synced is wiped. Needs a C compiler. What becomes of the database file itself is not played: SQLite writes to it only what is
synced in the log.
"""

import os
import shutil
import struct
import subprocess
from pathlib import Path

from tests.scenes.house import House

#: Every process writes to the same two numbers: SQLite lets only one of them write to the log at a time.
_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

typedef struct { volatile uint64_t written, synced; } reach_t;

static reach_t *reach(int fd) {
    static reach_t *shared = 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 16);
    if (n < 4 || memcmp(path + n - 4, "-wal", 4)) return 0;
    if (!shared) {
        strcpy(path + n, ".reach");
        int file = open(path, O_RDWR | O_CREAT, 0600);
        if (file < 0 || ftruncate(file, sizeof(reach_t))) return 0;
        void *at = mmap(0, sizeof(reach_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
        if (at == MAP_FAILED) return 0;
        shared = at;
    }
    return shared;
}

static ssize_t note(int fd, off_t at, ssize_t done) {
    reach_t *r = done > 0 ? reach(fd) : 0;
    if (r) {
        if (at == 0) { r->written = 0; r->synced = 0; } /* the log begins anew */
        if ((uint64_t)(at + done) > r->written) r->written = at + done;
    }
    return done;
}

ssize_t pwrite64(int fd, const void *what, size_t count, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t) = 0;
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    return note(fd, at, real(fd, what, count, at));
}

ssize_t pwrite(int fd, const void *what, size_t count, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t) = 0;
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    return note(fd, at, real(fd, what, count, at));
}

static int synced(int fd, int (*real)(int)) {
    reach_t *r = reach(fd);
    uint64_t end = r ? r->written : 0;
    int done = real(fd);
    if (r && !done && end > r->synced) r->synced = end;
    return done;
}

int fsync(int fd) {
    static int (*real)(int) = 0;
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    return synced(fd, real);
}

int fdatasync(int fd) {
    static int (*real)(int) = 0;
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    return synced(fd, real);
}
"""
_REACH = struct.Struct("=QQ")


def watch(house: House) -> None:
    """From now on, processes of this deployment tell how far their log was synced.

    Raises:
        RuntimeError: when there is no compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("a power cut needs a C compiler (cc)")
    source, library = house.folder / "power.c", house.folder / "power.so"
    source.write_text(_SOURCE)
    flags = ["-O1", "-shared", "-fPIC", "-ldl"]
    command = [compiler, "-o", str(library), str(source), *flags]
    subprocess.run(command, check=True, timeout=60)
    house.environ["LD_PRELOAD"] = str(library)
    log = _log(house)
    if log.exists():
        size = log.stat().st_size
        _reach(log).write_bytes(_REACH.pack(size, size))


def cut(house: House) -> int:
    """Wipes what was written to the log and not synced; answers how many bytes. Nobody may have the database open."""
    log = _log(house)
    known = _reach(log)
    if not log.exists() or not known.exists():
        return 0
    written, synced = _REACH.unpack(known.read_bytes())
    size = log.stat().st_size
    with log.open("r+b") as file:
        file.seek(synced)
        # a frame of zeros has no checksum: the log ends before it
        file.write(bytes(max(size - synced, 0)))
        file.flush()
        os.fsync(file.fileno())
    log.with_name(log.name.replace("-wal", "-shm")).unlink(missing_ok=True)
    known.write_bytes(_REACH.pack(synced, synced))
    return int(max(written - synced, 0))


def _log(house: House) -> Path:
    url = house.environ["AFTERCART_DATABASE_URL"]
    return Path(f"{url.removeprefix('sqlite:///')}-wal")


def _reach(log: Path) -> Path:
    return log.with_name(f"{log.name}.reach")
