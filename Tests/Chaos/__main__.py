"""Breaks a private fleet in many ways under load, and counts what every accepted message came to."""
from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import cells  # noqa: E402,F401
import report  # noqa: E402
import self_test  # noqa: E402
from cell import CELLS, Cell, chosen  # noqa: E402
from home import REPOSITORY  # noqa: E402
from homes import Homes  # noqa: E402
from stage import Result, Stage  # noqa: E402


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("make chaos", description=__doc__)
    parser.add_argument("cells", nargs="*", help="names of cells, or what they begin with (default all)")
    parser.add_argument("--list", action="store_true", help="print the cells and what they do")
    parser.add_argument("--quick", action="store_true", help="the short form: a few cells; no report is written")
    parser.add_argument("--messages", type=int, default=2000, help="per cell (default 2000)")
    parser.add_argument("--rate", type=float, help="messages per second (default: all through the fault)")
    parser.add_argument("--keep", action="store_true", help="keep the home of a cell that failed, and stop there")
    parser.add_argument("--binary", type=Path, help="the command (default: the newest release build, else a debug one)")
    parser.add_argument("--no-report", action="store_true", help="don't write docs/08-reliability.md")
    parser.add_argument("--self-test", action="store_true", help="show that the ledger finds what is wrong")
    return parser.parse_args()


def newest_binary() -> Path:
    """The release if it was built after the last change of a source, else the debug build."""
    sources = max(path.stat().st_mtime for path in (REPOSITORY / "Sources").rglob("*.swift"))
    release, debug = REPOSITORY / ".build/release/flotilla", REPOSITORY / ".build/debug/flotilla"
    if release.exists() and release.stat().st_mtime >= sources:
        return release
    if not debug.exists():
        raise SystemExit("chaos: build first: swift build -c release --product flotilla")
    return debug


def play(cell: Cell, homes: Homes, arguments: argparse.Namespace) -> Result:
    reason = cell.missing() if cell.missing else None
    if reason:
        return Result(cell.name, verdict="skipped", reason=reason)
    try:
        home = homes.get(cell.home)
        result = Stage(cell, home, arguments.messages, arguments.rate).play()
    except Exception as error:  # noqa: BLE001  The home could not be made ready.
        result = Result(cell.name, reason=f"{type(error).__name__}: {error}"[:300])
    if result.verdict == "failed" and not arguments.keep:
        homes.discard()
    return result


def show(result: Result) -> None:
    print(report.line(result), flush=True)
    for check in result.checks:
        if not check.passed:
            print(f"    {check.name}: {check.value} (rule: {check.rule})", flush=True)
    for note in result.balance.notes if result.verdict == "failed" else []:
        print(f"    {note}", flush=True)
    if result.reason:
        print(f"    {result.reason}", flush=True)


def main() -> int:
    arguments = options()
    words = arguments.cells + [word for word in os.environ.get("CELLS", "").replace(",", " ").split()]
    if arguments.list:
        for cell in chosen(words):
            print(f"{cell.name:28} {cell.does}")
        return 0
    binary = (arguments.binary or newest_binary()).resolve()
    # A shell that starts this in the background has it ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    selection = chosen(words)
    if arguments.quick:
        selection = [cell for cell in selection if cell.quick]
    homes = Homes(binary)
    results: list[Result] = []
    begin = time.monotonic()
    try:
        if not arguments.self_test:
            for cell in selection:
                results.append(play(cell, homes, arguments))
                show(results[-1])
                if results[-1].verdict == "failed" and arguments.keep:
                    homes.keep()
                    break
        if arguments.self_test or arguments.quick:
            # Last, for it spoils the home.
            results.append(self_test.play(homes))
            show(results[-1])
    except KeyboardInterrupt:
        print("chaos: interrupted; cleaning up", flush=True)
        return 130
    finally:
        homes.close()
        if not (arguments.quick or arguments.self_test or arguments.no_report) and results:
            report.write(results, binary, list(CELLS.values()))
    failed = [result.cell for result in results if result.verdict == "failed"]
    print(f"chaos: {len(results)} cells in {time.monotonic() - begin:.0f} s, {len(failed)} failed"
          + (f": {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
