"""Runs the workers of a contender on a preloaded queue and measures them from outside, by the ledger and /proc."""

import os
import signal
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness import machine

RECORD = struct.Struct("<QQQQ")
STALL_TIMEOUT = 60


@dataclass(frozen=True)
class Tally:
    count: int
    sum: int
    seconds: float


def read(folder: str) -> Tally:
    pages = [RECORD.unpack(data) for path in Path(folder).iterdir() if len(data := path.read_bytes()) == RECORD.size]
    pages = [page for page in pages if page[0]]
    if not pages:
        return Tally(0, 0, 0)
    span = max(page[3] for page in pages) - min(page[2] for page in pages)
    return Tally(sum(page[0] for page in pages), sum(page[1] for page in pages), span / 1e9)


@dataclass(frozen=True)
class Measurement:
    tally: Tally
    cpu_seconds: float
    memory_mb: float
    machine: float


def measure(commands: list[list[str]], environment: dict[str, str], count: int) -> Measurement:
    """Starts the commands, waits until `count` messages are done, and stops them as an operator would (SIGTERM).

    The clock runs from the first handler's start to the last handler's end: the start of an interpreter costs nothing.
    """
    with tempfile.TemporaryDirectory(prefix="bench-ledger-") as folder, tempfile.TemporaryFile() as log:
        environment = os.environ | environment | {"BENCH_LEDGER": folder}
        processes = [
            subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True) for command in commands
        ]
        try:
            return _watch(processes, folder, count)
        except RuntimeError as error:
            log.seek(0)
            raise RuntimeError(f"{error}\n{log.read().decode(errors='replace')[-3000:]}") from None
        finally:
            _stop(processes)


def _watch(processes: list[subprocess.Popen], folder: str, count: int) -> Measurement:
    first = _await(processes, folder, 1, 0.002)
    pids = [pid for process in processes for pid in machine.tree(process.pid)]
    cpu, busyness = machine.cpu_seconds(pids), machine.Busyness()
    last = _await(processes, folder, count, 0.02)
    pids = [pid for process in processes for pid in machine.tree(process.pid)]
    spent = machine.cpu_seconds(pids) - cpu
    # What was done before the first reading is not in the CPU time; the rest stands for it.
    scaled = spent * last.count / max(1, last.count - first.count)
    return Measurement(last, scaled, machine.memory_mb(pids), busyness.share())


def _await(processes: list[subprocess.Popen], folder: str, count: int, pause: float) -> Tally:
    reached, moved = -1, time.monotonic()
    while True:
        tally = read(folder)
        if tally.count >= count:
            return tally
        if tally.count != reached:
            reached, moved = tally.count, time.monotonic()
        if time.monotonic() - moved > STALL_TIMEOUT:
            raise RuntimeError(f"stopped at {tally.count} of {count}")
        if any(process.poll() is not None for process in processes):
            raise RuntimeError(f"a worker ended at {tally.count} of {count}")
        time.sleep(pause)


def _stop(processes: list[subprocess.Popen]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            pass
        # Each was started as the leader of a group of its own: nothing of it stays behind.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
