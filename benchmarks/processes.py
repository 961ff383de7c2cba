"""What have processes used? Asked of the kernel, in seconds of CPU and megabytes."""

import os
from pathlib import Path


def family(pid: int) -> list[int]:
    """A process and its children, by the kernel's own list."""
    found = [pid] if pid else []
    for parent in found:
        for task in Path(f"/proc/{parent}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def cpu(pids: list[int]) -> float:
    """Seconds of CPU that they have used so far, with those of their children that have ended."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    """The most memory that it has held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
