"""What /proc tells of processes, and signals for those that belong to a home."""
from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Footprint:
    """What one process holds."""

    pid: int
    descriptors: int
    threads: int
    memory: int  # resident bytes


def _status(pid: int) -> dict[str, str]:
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


def footprint(pid: int) -> Footprint | None:
    """None when the process is gone."""
    try:
        status = _status(pid)
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        return Footprint(pid, descriptors, int(status["Threads"]), int(status["VmRSS"].split()[0]) * 1024)
    except (OSError, KeyError):
        return None


def is_alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return not _status(pid)["State"].startswith("Z")
    except (OSError, KeyError):
        return False


def children(pid: int) -> list[int]:
    """The direct children, zombies included."""
    found: list[int] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if int(_status(int(name))["PPid"]) == pid:
                    found.append(int(name))
            except (OSError, KeyError):
                pass
    return found


def descendants(pid: int) -> list[int]:
    """All of them, parents before their children."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents.setdefault(int(_status(int(name))["PPid"]), []).append(int(name))
            except (OSError, KeyError):
                pass
    found: list[int] = []
    queue = [pid]
    while queue:
        below = parents.get(queue.pop(), [])
        found += below
        queue += below
    return found


def arguments(pid: int) -> list[str]:
    """The command line; empty when the process is gone or a zombie."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return [part.decode(errors="replace") for part in file.read().split(b"\0")[:-1]]
    except OSError:
        return []


def is_zombie(pid: int) -> bool:
    try:
        return _status(pid)["State"].startswith("Z")
    except (OSError, KeyError):
        return False


def send(pid: int, number: int) -> None:
    """Sends a signal; a process that is gone is none of our trouble."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def freeze(pids: list[int], seconds: float) -> None:
    """SIGSTOP for a while; SIGCONT comes in any case."""
    for pid in pids:
        send(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        for pid in pids:
            send(pid, signal.SIGCONT)
