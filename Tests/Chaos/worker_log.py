"""Attempts that were spent, counted in the worker's log, which outlives its processes and their metrics."""
from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

FAILED = "failed; will be tried again"


class WorkerLog:
    """The lines that the log of a worker gets from now on, or all of them."""

    def __init__(self, path: Path, from_start: bool = False) -> None:
        self._path = path
        self._offset = path.stat().st_size if path.exists() and not from_start else 0

    def lines(self) -> list[dict[str, object]]:
        """The new lines that are objects of JSON. A log that was set aside is read from its beginning."""
        if not self._path.exists():
            return []
        offset = self._offset if self._path.stat().st_size >= self._offset else 0
        found = []
        with open(self._path, "rb") as file:
            file.seek(offset)
            for line in file:
                try:
                    found.append(json.loads(line))
                except ValueError:
                    pass
        return found

    def failures(self) -> list[dict[str, object]]:
        """A line for each failed execution that is to be tried again."""
        lines = [line for line in self.lines() if str(line.get("message", "")).startswith(FAILED)]
        if any(line["message"] != FAILED for line in lines):
            raise RuntimeError(f"{self._path} counts lines instead of writing them: set FLOTILLA_LOG_REPEATS")
        return lines

    def attempts(self) -> Counter[str]:
        """Failed executions that are to be tried again, by error type."""
        return Counter(str(line.get("error_type")) for line in self.failures())
