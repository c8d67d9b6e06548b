"""The ratios that DESIGN.md, section 11, promises, and how far the medians keep them."""

from dataclasses import dataclass
from statistics import median

from harness.result import Result

# (scenario, contender, the least ratio of the fleet's rate to it)
BUDGETS = [
    ("consume", "C", 0.7),
    ("consume", "Celery", 15),
    ("consume", "Dramatiq", 5),
    ("publish", "C", 0.85),
    ("audit", "Celery", 15),
    ("audit", "libpq", 0.5),
    ("indexing", "COPY", 0.7),
    ("ticket", "reportlab", 8),
    ("ticket", "C", 0.85),
    # Of the notifications, not of section 11: at least 3 times one kept session of Python's.
    ("mail", "smtplib", 3),
]


@dataclass(frozen=True)
class Median:
    """The middle of a contender's runs that are not void."""

    setting: str
    count: int
    rate: float
    lowest: float
    highest: float
    cpu: float
    memory_mb: float
    machine: float
    runs: int
    void: int


def medians(results: list[Result]) -> dict[tuple[str, str], Median]:
    found: dict[tuple[str, str], Median] = {}
    for key in dict.fromkeys((result.scenario, result.contender) for result in results):
        runs = [result for result in results if (result.scenario, result.contender) == key]
        good = [result for result in runs if not result.void]
        if not good:
            continue
        rates = [result.rate for result in good]
        found[key] = Median(
            good[0].setting, good[0].count, median(rates), min(rates), max(rates),
            median(result.cpu_per_message for result in good), median(result.memory_mb for result in good),
            median(result.machine for result in good), len(good), len(runs) - len(good),
        )
    return found


@dataclass(frozen=True)
class Verdict:
    scenario: str
    contender: str
    wanted: float
    # The ratios of the fleet's rate and of its CPU per message to the contender's; None where one of the two has no good run.
    measured: float | None
    cpu: float | None

    @property
    def word(self) -> str:
        if self.measured is None:
            return "not measured"
        return "pass" if self.measured >= self.wanted else "MISS"


def verdicts(medians: dict[tuple[str, str], Median]) -> list[Verdict]:
    found = []
    for scenario, contender, wanted in BUDGETS:
        ours, theirs = medians.get((scenario, "Flotilla")), medians.get((scenario, contender))
        rate = ours.rate / theirs.rate if ours and theirs else None
        cpu = ours.cpu / theirs.cpu if ours and theirs and theirs.cpu else None
        found.append(Verdict(scenario, contender, wanted, rate, cpu))
    return found
