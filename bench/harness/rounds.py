"""Runs everything: a tuning pass for the contenders that have several ways to run, then the rounds, interleaved."""

import sys
from collections.abc import Callable

from harness.contenders import Bench, Contender, Setting
from harness.result import Result


def show(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def describe(result: Result) -> str:
    if result.void:
        return f"VOID: {result.void}"
    return f"{result.rate:>10,.0f}/s  {result.cpu_per_message:>8.1f} µs CPU  {result.memory_mb:>6.0f} MB  ledger ok"


def tune(bench: Bench, contenders: list[Contender], scale: float) -> tuple[dict[int, Setting], list[Result]]:
    """Runs each setting of each contender once and keeps the fastest."""
    best, results = {}, []
    for contender in contenders:
        if len(contender.settings) == 1:
            best[id(contender)] = contender.settings[0]
            continue
        count = max(2000, int(contender.count * scale / 2))
        fastest = 0.0
        best[id(contender)] = contender.settings[0]
        for setting in contender.settings:
            result = contender.run(bench, setting, count)
            results.append(result)
            show(f"  tuning   {contender.scenario:8} {contender.name:9} {setting.name:16} {describe(result)}")
            if not result.void and result.rate > fastest:
                fastest, best[id(contender)] = result.rate, setting
    return best, results


def run(
    bench: Bench,
    contenders: list[Contender],
    best: dict[int, Setting],
    rounds: int,
    scale: float,
    keep: Callable[[Result], None],
) -> list[Result]:
    """Every contender in every round; each round begins one further on, so that none always follows the same one."""
    results = []
    scenarios = list(dict.fromkeys(contender.scenario for contender in contenders))
    for round_ in range(rounds):
        for scenario in scenarios:
            entrants = [contender for contender in contenders if contender.scenario == scenario]
            shift = round_ % len(entrants)
            for contender in entrants[shift:] + entrants[:shift]:
                result = contender.run(bench, best[id(contender)], max(1000, int(contender.count * scale)))
                results.append(result)
                keep(result)
                show(f"  round {round_ + 1}/{rounds}  {scenario:8} {contender.name:9} {result.setting:16} {describe(result)}")
    return results
