"""Tickets: the fleet's printer next to a C loop on the same libraries, and to Python's qrcode and reportlab."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from harness import program
from harness.contenders import Contender, Setting, faults

TICKETS, KEPT = 4_000, 500
TOKEN = "CEDKTGB2NME7GZIA" * 7 + "ABCDEFGH23"


def problems(folder: Path, count: int) -> str:
    """What is wrong with the files that were kept, as one line: sound, with the guest's name, and the code that was asked for."""
    files = sorted(folder.iterdir())
    if len(files) != len(range(0, count, KEPT)):
        return f"{len(files)} files kept"
    found = []
    for path in files:
        number = path.stem
        if subprocess.run(["qpdf", "--check", path], capture_output=True).returncode:
            found.append(f"{number} is damaged")
        text = _output("pdftotext", path, "-")
        if f"Zoé Dupont {number}" not in text or f"TKT-{number}" not in text:
            found.append(f"{number} does not name its guest")
        picture = path.with_suffix(".png")
        _output("pdftoppm", "-r", "96", "-png", "-singlefile", path, picture.with_suffix(""))
        if _output("zbarimg", "--quiet", "--raw", picture).strip() != TOKEN + number:
            found.append(f"{number} has another code")
    return "; ".join(found)


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@dataclass(frozen=True)
class TicketProgram(Contender):
    """A program that draws `count` tickets in one thread."""

    uses_services: ClassVar[bool] = False

    def measure(self, bench, queue, setting, count):
        folder = bench.binaries / "tickets"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        commands = {
            "Flotilla": [bench.swift, "ticket"],
            "C": [bench.binaries / "ticket_draw"],
            "reportlab": [sys.executable, Path(__file__).parent.parent / "python/ticket_draw.py"],
        }
        command = [*commands[self.name], "--count", count, "--keep", folder, "--every", KEPT]
        report = program.run([str(part) for part in command])
        wrong = faults(report.count, report.sum, count)
        return report, "; ".join(filter(None, [wrong, problems(folder, count)]))


def contenders() -> list[Contender]:
    return [
        TicketProgram("ticket", "Flotilla", TICKETS, [Setting("standard, one thread")]),
        TicketProgram("ticket", "C", TICKETS, [Setting("the same page, one thread")]),
        TicketProgram("ticket", "reportlab", TICKETS // 8, [Setting("the same page, one thread")]),
    ]
