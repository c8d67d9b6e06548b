"""Builds the C baselines and the Swift side, both optimised."""

import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PROGRAMS = {"consume": ["librabbitmq"], "publish": ["librabbitmq"], "audit_insert": ["librabbitmq", "libpq"], "mail_sink": ["librabbitmq", "openssl"],
            "ticket_draw": ["librabbitmq", "pangocairo", "libqrencode"]}


def c(folder: Path) -> None:
    for name, libraries in PROGRAMS.items():
        flags = shlex.split(_output("pkg-config", "--cflags", "--libs", *libraries))
        sources = [HERE / "c" / f"{name}.c", HERE / "c" / "bench.c"]
        subprocess.run(["gcc", "-O2", "-std=gnu11", "-o", folder / name, *sources, *flags, "-lm"], check=True)


def swift(with_command: bool) -> Path:
    """Builds the release and gives the folder of its programs; the compiler's own progress is shown."""
    for product in ["flotilla"] * with_command + ["flotilla-bench"]:
        subprocess.run(["swift", "build", "-c", "release", "--product", product], cwd=HERE.parent, check=True, stdout=sys.stderr)
    return Path(_output("swift", "build", "-c", "release", "--show-bin-path", cwd=HERE.parent))


def versions() -> dict[str, str]:
    return {
        "gcc": _output("gcc", "-dumpfullversion"),
        "Swift": _output("swift", "--version").splitlines()[0],
        "librabbitmq": _output("pkg-config", "--modversion", "librabbitmq"),
        "libcurl": _output("pkg-config", "--modversion", "libcurl"),
        "cairo, pango, libqrencode": ", ".join(_output("pkg-config", "--modversion", name) for name in ("cairo", "pango", "libqrencode")),
        "libpq": _output("pkg-config", "--modversion", "libpq"),
    }


def _output(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip()
