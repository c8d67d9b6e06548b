"""The broker and the database: private ones by `flotilla services`, in a home of their own."""

import os
import shlex
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def private(flotilla: Path):
    """Starts private servers and yields their URLs by name; stops them and removes their files at the end."""
    home = tempfile.mkdtemp(prefix="flotilla-bench-")
    os.chmod(home, 0o755)
    environment = os.environ | {"FLOTILLA_HOME": home}
    for name in ("RABBITMQ_URL", "DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)

    def call(*arguments: str) -> str:
        done = subprocess.run([flotilla, *arguments], env=environment, cwd=home, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"flotilla {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    try:
        call("services", "start", "--only", "postgres,rabbitmq")
        yield parse(call("services", "env"))
    finally:
        subprocess.run([flotilla, "services", "reset", "--yes"], env=environment, cwd=home, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


def parse(text: str) -> dict[str, str]:
    """Reads the lines of a shell's environment: `export NAME='value'`, or without `export` and quotes."""
    found = {}
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "export":
            words = words[1:]
        if words and "=" in words[0]:
            name, _, value = words[0].partition("=")
            found[name] = value
    return found


def migrate(flotilla: Path, url: str) -> None:
    done = subprocess.run([flotilla, "migrate"], env=os.environ | {"DATABASE_URL": url}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"flotilla migrate: {done.stderr.strip()}")
