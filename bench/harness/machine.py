"""What the kernel tells about processes and about the machine."""

import os
import re
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> tuple[int, float] | None:
    """The parent of a process, and the CPU seconds of itself and of its children that have ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15]) / TICK


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := _stat(int(entry))):
            children.setdefault(stat[0], []).append(int(entry))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, []))
    return found


def cpu_seconds(pids: list[int]) -> float:
    return sum(stat[1] for pid in pids if (stat := _stat(pid)))


def memory_mb(pids: list[int]) -> float:
    """The memory of processes, with what they share counted once (proportional set size)."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        if match := re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE):
            total += int(match[1])
    return total / 1024


def busy() -> tuple[float, float]:
    """Busy and all CPU time of the machine so far, in ticks."""
    numbers = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(numbers) - numbers[3] - numbers[4], sum(numbers)


class Busyness:
    """How busy the machine is from here on."""

    def __init__(self) -> None:
        self._begin = busy()

    def share(self) -> float:
        now = busy()
        return round((now[0] - self._begin[0]) / max(1, now[1] - self._begin[1]), 3)


def settle(limit: float = 10) -> bool:
    """Waits until the machine is quiet, so that no contender pays for the one before it; false when it stays busy."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        busyness = Busyness()
        time.sleep(0.5)
        if busyness.share() < 0.15:
            return True
    return False


def facts() -> dict[str, str]:
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    release = re.search(r'PRETTY_NAME="(.+)"', Path("/etc/os-release").read_text())
    return {
        "CPU": cpu[1] if cpu else "unknown",
        "Cores": str(os.cpu_count()),
        "Memory": f"{int(memory[1]) / 1024 / 1024:.0f} GiB" if memory else "unknown",
        "System": f"{release[1] if release else 'Linux'}, kernel {os.uname().release}",
    }
