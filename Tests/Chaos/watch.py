"""Progress seen from outside: how many audit rows and quota uses there are, a few times a second."""
from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from home import Home
from load import Load
from postgres import DatabaseError, Session

INTERVAL = 0.2


@dataclass(frozen=True)
class Sample:
    time: float
    audit: int
    uses: int


@dataclass(frozen=True)
class Healing:
    """Seconds from the end of a fault to the first new effect; None where work did not stand at its end."""

    audit: float | None
    uses: float | None


class Watch:
    """Samples until it is closed. While the database does not answer there are no samples."""

    def __init__(self, home: Home, load: Load) -> None:
        self._home, self._load = home, load
        self.samples: list[Sample] = []
        self._isClosed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._isClosed.set()
        self._thread.join(10)

    def _run(self) -> None:
        session: Session | None = None
        while not self._isClosed.wait(INTERVAL):
            try:
                session = session or self._home.database(timeout=2)
                row = session.query(
                    "SELECT (SELECT sum(sequence) FROM audit_lanes), (SELECT coalesce(sum(used + overage), 0)"
                    f" FROM quotas WHERE company_id LIKE '{self._load.word}-%')"
                )[0]
                self.samples.append(Sample(time.monotonic(), int(row[0] or 0), int(row[1] or 0)))
            except (DatabaseError, OSError, IndexError):
                if session:
                    session.close()
                session = None
        if session:
            session.close()

    def stall(self, start: float, end: float) -> float:
        """The longest time in which there was neither a new row nor a new use."""
        longest, last = 0.0, start
        previous: Sample | None = None
        for sample in self.samples:
            if start <= sample.time <= end and previous:
                if (sample.audit, sample.uses) != (previous.audit, previous.uses):
                    longest = max(longest, sample.time - last)
                    last = sample.time
            previous = sample
        return max(longest, end - last)

    def last_progress(self, finished: float) -> float:
        """When the last effect was seen first."""
        final = self.samples[-1] if self.samples else None
        for sample in self.samples:
            if final and (sample.audit, sample.uses) == (final.audit, final.uses):
                return sample.time
        return finished

    def healing(self, end: float) -> Healing:
        """What came first after the fault's end, where work stood around it."""
        return Healing(self._heal(end, "audit"), self._heal(end, "uses"))

    def _heal(self, end: float, name: str) -> float | None:
        values = [(sample.time, int(getattr(sample, name))) for sample in self.samples]
        # The first sample afterwards still has what was committed before, if it comes soon.
        soon = [value for moment, value in values if moment <= end + 3 * INTERVAL]
        earlier = [value for moment, value in values if moment <= end - 1]
        later = [(moment, value) for moment, value in values if moment > end + 3 * INTERVAL]
        base = next((value for moment, value in values if end <= moment <= end + 3 * INTERVAL),
                    soon[-1] if soon else 0)
        if soon and earlier and soon[-1] != earlier[-1] and any(
            value > base for moment, value in later if moment <= end + 1
        ):
            return None
        return next((moment - end for moment, value in values if moment > end and value > base), None)
