"""What one run of one contender came to."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    scenario: str
    contender: str
    setting: str
    count: int
    seconds: float
    # User and system time of the client's processes alone, over the same span.
    cpu_seconds: float
    memory_mb: float
    # How busy the whole machine was over the run, from 0 to 1.
    machine: float
    # Whether the machine was quiet before the run; if not, something else was running beside it.
    quiet: bool
    # Why the run is void, or the empty string.
    void: str

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_per_message(self) -> float:
        """Microseconds of the client's CPU for each message."""
        return self.cpu_seconds / self.count * 1e6

    def line(self) -> dict:
        return asdict(self) | {"rate": round(self.rate, 1), "cpu_us": round(self.cpu_per_message, 2)}
