"""Writes RESULTS.md."""

from pathlib import Path

from harness.budgets import Median, Verdict
from harness.indexing import Latency
from harness.result import Result

METHOD = Path(__file__).with_name("method.md")

ORDER = ["consume", "publish", "audit", "indexing", "mail", "ticket"]
TITLES = {
    "consume": "Consume and acknowledge, a handler that does nothing",
    "publish": "Publish with confirms",
    "audit": "Audit rows in Postgres",
    "indexing": "Profiles in the search index",
    "mail": "Mails to a mail server",
    "ticket": "Tickets: a QR code and a page, one core",
}


def _rows(*rows: list[str]) -> str:
    head, *body = rows
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def table(judged: list[Verdict], middle: dict[tuple[str, str], Median]) -> str:
    """The budgets, then the medians."""
    budgets = [["What", "Against", "At least", "Measured", "", "Our CPU per message / theirs"]]
    for verdict in judged:
        if any(key[0] == verdict.scenario for key in middle):
            budgets.append([
                TITLES[verdict.scenario], verdict.contender, f"{verdict.wanted:g} ×",
                f"{verdict.measured:.2f} ×" if verdict.measured is not None else "—", verdict.word,
                f"{verdict.cpu:.3f}" if verdict.cpu is not None else "—",
            ])
    parts = [_rows(*budgets)]
    for scenario in ORDER:
        rows = [["Contender", "Setting", "Messages a run", "Messages/s (median)", "Lowest – highest", "Client CPU, µs a message", "Client memory, MB", "Machine busy", "Good runs"]]
        for (where, contender), value in middle.items():
            if where == scenario:
                rows.append([
                    contender, value.setting or "—", f"{value.count:,}", f"{value.rate:,.0f}", f"{value.lowest:,.0f} – {value.highest:,.0f}",
                    f"{value.cpu:.1f}", f"{value.memory_mb:.0f}", f"{value.machine:.0%}", f"{value.runs} of {value.runs + value.void}",
                ])
        if len(rows) > 1:
            parts += [f"### {TITLES[scenario]}", _rows(*rows)]
    return "\n\n".join(parts)


def searches(latency: Latency) -> str:
    """How long searches took."""
    rows = [["Profiles", "Clients", "Searches/s", *latency.quantiles, "Failures"]]
    numbers = [f"{value:.0f} ms" for value in latency.quantiles.values()]
    rows.append([f"{latency.documents:,}", str(latency.clients), f"{latency.rate:,.0f}", *numbers, str(latency.failures)])
    return "### Searches over HTTP while others search\n\n" + _rows(*rows)


def page(
    facts: dict[str, str],
    judged: list[Verdict],
    middle: dict[tuple[str, str], Median],
    latency: Latency | None,
    tuning: list[Result],
    results: list[Result],
    prefetch: dict[str, int],
) -> str:
    parts = [
        "# Comparisons",
        "Written by `make bench`; do not edit. The budgets are those of the design, section 11.",
        "## Results",
        table(judged, middle),
        *([searches(latency)] if latency else []),
        *_disturbed(results),
        "## Machine",
        _rows(["", ""], *[[name, value] for name, value in facts.items()]),
        METHOD.read_text().strip().replace("{prefetch_consume}", f"{prefetch['consume']:,}").replace("{prefetch_audit}", f"{prefetch['audit']:,}"),
    ]
    if tuning:
        parts += ["## Tuning", "One run of each setting; the fastest took part in the rounds.", _runs(tuning)]
    parts += ["## Every run", "In the order in which they ran.", _runs(results)]
    return "\n\n".join(parts) + "\n"


def _disturbed(results: list[Result]) -> list[str]:
    """A warning when the machine had other work to do."""
    busy = sum(not result.quiet for result in results)
    if not busy:
        return []
    return [f"**{busy} of {len(results)} runs began on a machine that did not become quiet: do not trust these numbers.**"]


def _runs(results: list[Result]) -> str:
    rows = [["Scenario", "Contender", "Setting", "Messages", "Seconds", "Messages/s", "CPU, µs", "MB", "Ledger"]]
    for result in results:
        numbers = ["—"] * 4
        if not result.void:
            numbers = [f"{result.seconds:.2f}", f"{result.rate:,.0f}", f"{result.cpu_per_message:.1f}", f"{result.memory_mb:.0f}"]
        ledger = "each once, none left" if not result.void else "void: " + result.void.splitlines()[0]
        rows.append([result.scenario, result.contender, result.setting or "—", f"{result.count:,}", *numbers, ledger])
    return _rows(*rows)
