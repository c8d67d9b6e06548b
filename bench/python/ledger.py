"""Counts what a worker has done in files that the harness reads while the worker runs.

Each thread of each process owns one file of four numbers: how many, the sum of their sequence numbers, and when the first
and the last were done, in nanoseconds of the machine's monotonic clock. A duplicate that hides a loss changes the sum.
"""

import mmap
import os
import struct
import threading
import time
from pathlib import Path

RECORD = struct.Struct("<QQQQ")

_thread = threading.local()
_folder = os.environ.get("BENCH_LEDGER", "")


class Page:
    """The file of one thread."""

    __slots__ = ("_map", "_count", "_sum", "_first")

    def __init__(self, folder: str) -> None:
        path = Path(folder) / f"{os.getpid()}-{threading.get_native_id()}"
        path.write_bytes(bytes(RECORD.size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), RECORD.size)
        self._count = self._sum = self._first = 0

    def add(self, sequence: int, started: int) -> None:
        if not self._count:
            self._first = started
        self._count += 1
        self._sum += sequence
        RECORD.pack_into(self._map, 0, self._count, self._sum, self._first, time.monotonic_ns())


def record(sequence: int, started: int) -> None:
    """Counts a finished message, with when its handler began; call it last in the handler."""
    page = getattr(_thread, "page", None)
    if page is None or _thread.process != os.getpid():
        page = _thread.page = Page(_folder)
        _thread.process = os.getpid()
    page.add(sequence, started)
