"""The results: a line for each cell on the screen, a file for the next run, and docs/08-reliability.md."""
from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from cell import Cell
from home import REPOSITORY
from stage import Result

RESULTS = Path(__file__).resolve().parent / "results.json"
PAGE = REPOSITORY / "docs/08-reliability.md"
INTRODUCTION = Path(__file__).resolve().parent / "introduction.md"


def line(result: Result) -> str:
    """One line for the screen."""
    if result.verdict == "skipped":
        return f"{result.cell:28} skipped"
    balance = result.balance
    heal = " ".join(_seconds(value) for value in result.heal)
    return (f"{result.cell:28} {result.verdict:7} accepted {balance.accepted:5} lost {balance.lost:3} "
            f"doubled {balance.doubled:2} dead {balance.wrongly_dead:3} attempts {result.attempts:4} heal {heal} "
            f"stall {result.stall:.1f} ({result.seconds:.0f} s)")


def write(results: list[Result], binary: Path, cells: list[Cell]) -> None:
    """Puts the results in the place of those cells' earlier ones and writes the page anew."""
    known: dict[str, dict[str, object]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    origin = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "commit": _commit(), "machine": _machine(binary)}
    for result in results:
        # A cell that could not be run here says nothing about the one that was.
        if result.verdict != "skipped" or known.get(result.cell, {}).get("verdict", "skipped") == "skipped":
            known[result.cell] = _record(result) | origin
    names = {cell.name for cell in cells}
    known = {name: record for name, record in known.items() if name in names}
    RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(_page(known, cells))


def _record(result: Result) -> dict[str, object]:
    balance = result.balance
    broken = [f"{check.name}: {check.value} ({check.rule})" for check in result.checks if not check.passed]
    return {
        "verdict": result.verdict, "reason": result.reason, "accepted": balance.accepted, "lost": balance.lost,
        "doubled": balance.doubled, "dead": balance.wrongly_dead, "attempts": result.attempts,
        "heal": [None if value is None else round(value, 1) for value in result.heal],
        "done": None if result.done is None else round(result.done, 1), "stall": round(result.stall, 1),
        "checks": len(result.checks), "broken": broken,
    }


def _page(known: dict[str, dict[str, object]], cells: list[Cell]) -> str:
    ran = [record for record in known.values() if record["verdict"] != "skipped"]
    total = sum(int(str(record["accepted"])) for record in ran)
    text = INTRODUCTION.read_text()
    text += "\n## Results\n\n"
    passed = sum(record["verdict"] == "ok" for record in ran)
    text += f"{passed} of {len(ran)} cells passed, with {total:,} accepted messages in all.\n"
    for group in dict.fromkeys(cell.group for cell in cells):
        rows = [cell for cell in cells if cell.group == group and cell.name in known]
        if rows:
            text += f"\n### {group}\n\n"
            text += "| Cell | What is done | Accepted | Lost | Doubled | Wrongly dead | Attempts | Heal, s |" \
                    " Done, s | Stall, s | Verdict | Run |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
            text += "".join(_row(cell, known[cell.name]) for cell in rows)
    text += "\n## Runs\n\nRun | Commit | Machine\n---|---|---\n"
    runs = dict.fromkeys((str(r["date"]), str(r["commit"]), str(r["machine"])) for r in known.values())
    for date, commit, machine in sorted(runs):
        text += f"{date} | {commit} | {machine}\n"
    return text + "\nThis page is written by `make chaos`.\n"


def _row(cell: Cell, record: dict[str, object]) -> str:
    if record["verdict"] == "skipped":
        return f"| `{cell.name}` | {cell.does} | | | | | | | | | skipped: {record['reason']} | {record['date']} |\n"
    heal = ", ".join(_seconds(value) for value in record["heal"])  # type: ignore[attr-defined]
    verdict = str(record["verdict"])
    if verdict == "failed":
        causes = "; ".join(str(cause) for cause in record["broken"]) or str(record["reason"])  # type: ignore
        verdict = "**failed**: " + causes.replace("|", "/").replace("\n", " ")[:300]
    if not cell.has_load and not record["accepted"]:
        numbers = " | | | | | | "
    else:
        numbers = f"{record['accepted']:,} | {record['lost']} | {record['doubled']} | {record['dead']} | " \
                  f"{record['attempts']} | {heal} | {_seconds(record['done'])}"
        return f"| `{cell.name}` | {cell.does} | {numbers} | {record['stall']} | {verdict} | {record['date']} |\n"
    return f"| `{cell.name}` | {cell.does} | {numbers} | | {verdict} | {record['date']} |\n"


def _seconds(value: object) -> str:
    return "–" if value is None else f"{float(str(value)):.1f}"


def _commit() -> str:
    result = subprocess.run(["git", "-C", str(REPOSITORY), "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True, check=False)
    return result.stdout.strip() or "–"


def _machine(binary: Path) -> str:
    """The class of the machine and the versions of the servers; no name and no path."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    build = "release" if "release" in binary.parts else "debug"
    versions = [f"{title} {version}" for title, name in (("RabbitMQ", "rabbitmq-server"), ("Redis", "redis-server"))
                if (version := _package(name))]
    postgres = sorted(path.name for path in Path("/usr/lib/postgresql").glob("*"))
    if postgres:
        versions.insert(1, f"PostgreSQL {postgres[-1]}")
    return f"{os.cpu_count()} cores, {memory:.0f} GB; {', '.join(versions)}; {build} build"


def _package(name: str) -> str:
    result = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=False)
    return result.stdout.split("-")[0].split(":")[-1]
