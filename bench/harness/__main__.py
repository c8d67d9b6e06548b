"""The command: `bench/run`."""

import argparse
import importlib.metadata
import json
import platform
import signal
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from harness import build, indexing, machine, mail, report, rounds, services, tickets
from harness.budgets import medians, verdicts
from harness.broker import Broker
from harness.contenders import EXCHANGE, Bench, all_contenders
from harness.database import Database

PREFETCH = {"consume": 1000, "publish": 1000, "audit": 2000, "indexing": 2000}
# Clients of the API that search at the same time, and for how long.
SEARCHERS, SEARCH_SECONDS = 8, 20


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Compares the fleet with C loops, Celery, Dramatiq, smtplib and reportlab on this machine, and writes bench/RESULTS.md.",
        epilog="Without --rabbitmq and --database it starts private servers (`flotilla services`) and stops them at the end.",
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every contender (default 5)")
    parser.add_argument("--quick", action="store_true", help="one round of a quarter of the messages; writes no report")
    parser.add_argument("--only", metavar="SCENARIO,…", help="consume, publish, audit, indexing, mail, ticket (default all)")
    parser.add_argument("--contenders", metavar="NAME,…", help="C, libpq, COPY, smtplib, smtplib/new, reportlab, Flotilla, Flotilla/1, Flotilla/people, Celery, Dramatiq (default all)")
    parser.add_argument("--no-tune", action="store_true", help="take the first setting of each contender")
    parser.add_argument("--report", type=Path, help="where to write the report (default bench/RESULTS.md, or none for a part)")
    parser.add_argument("--rabbitmq", metavar="URL", help="a running broker instead of a private one")
    parser.add_argument("--database", metavar="URL", help="a running Postgres where databases may be made")
    parser.add_argument("--flotilla", type=Path, help="the flotilla command (default: built as a release)")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if bool(options.rabbitmq) != bool(options.database):
        print("bench: --rabbitmq and --database go together", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [
        contender
        for contender in all_contenders() + indexing.contenders() + mail.contenders() + tickets.contenders()
        if contender.scenario in (options.only or contender.scenario).split(",")
        and contender.name in (options.contenders or contender.name).split(",")
    ]
    if not chosen:
        print("bench: nothing to run: see bench/run --help", file=sys.stderr)
        return 2
    # The build's folder and the raw lines stay; everything else of a run is removed.
    folder = Path(tempfile.mkdtemp(prefix="flotilla-bench-results-"))
    rounds.show("building")
    build.c(folder)
    needs_swift = any(contender.name.startswith("Flotilla") for contender in chosen)
    needs_services = any(contender.uses_services for contender in chosen)
    programs = build.swift(with_command=not options.flotilla) if needs_swift or not options.flotilla else None
    flotilla = (options.flotilla or programs / "flotilla").absolute()
    given = {"RABBITMQ_URL": options.rabbitmq, "DATABASE_URL": options.database} if needs_services else {}
    with services.private(flotilla) if needs_services and not options.rabbitmq else nullcontext(given) as urls:
        return compare(options, chosen, folder, flotilla, programs, urls)


def compare(options, chosen, folder, flotilla, programs, urls) -> int:
    broker, database = (Broker(urls["RABBITMQ_URL"]), Database(urls["DATABASE_URL"])) if urls else (None, None)
    swift = programs / "flotilla-bench" if programs else None
    bench = Bench(broker, database, folder, swift, flotilla, PREFETCH)
    lines = folder / "runs.jsonl"
    scale = 0.25 if options.quick else 1

    def keep(result) -> None:
        with lines.open("a") as file:
            file.write(json.dumps(result.line()) + "\n")

    try:
        if urls:
            services.migrate(flotilla, database.make_template())
        servers = {"RabbitMQ": broker.version()} | database.facts() if urls else {}
        facts = machine.facts() | servers | build.versions() | {
            "Python": platform.python_version(),
            "From PyPI": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("celery", "dramatiq", "pika", "psycopg", "qrcode", "reportlab")),
        }
        if options.no_tune:
            best, tuning = {id(contender): contender.settings[0] for contender in chosen}, []
        else:
            best, tuning = rounds.tune(bench, chosen, scale)
        results = rounds.run(bench, chosen, best, 1 if options.quick else options.rounds, scale, keep)
        latency = None
        if any(contender.scenario == "indexing" and contender.name == "Flotilla" for contender in chosen):
            rounds.show("  searching")
            latency = indexing.search(bench, int(indexing.PROFILES * scale), SEARCHERS, SEARCH_SECONDS * scale)
    finally:
        if urls:
            database.drop()
            broker.delete_exchange(EXCHANGE)
    middle = medians(results)
    judged = verdicts(middle)
    print(report.table(judged, middle))
    if latency:
        print(report.searches(latency))
    rounds.show(f"raw runs: {lines}")
    whole = not (options.quick or options.only or options.contenders)
    path = options.report or (build.HERE / "RESULTS.md" if whole else None)
    if path:
        path.write_text(report.page(facts, judged, middle, latency, tuning, results, PREFETCH))
        rounds.show(f"report: {path}")
    void = [result for result in results if result.void]
    if void:
        rounds.show(f"bench: {len(void)} of {len(results)} runs are void")
    return 1 if void else 0


if __name__ == "__main__":
    sys.exit(main())
