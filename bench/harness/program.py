"""Runs a contender that measures itself and prints one line of JSON."""

import json
import os
import subprocess
from dataclasses import dataclass

from harness import machine


@dataclass(frozen=True)
class Report:
    count: int
    sum: int
    seconds: float
    cpu_seconds: float
    memory_mb: float
    machine: float


def run(command: list[str], environment: dict[str, str] | None = None, limit: float = 300) -> Report:
    busyness = machine.Busyness()
    try:
        done = subprocess.run(command, env=os.environ | (environment or {}), capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{command[0]} had not ended after {limit:.0f} s") from None
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Report(**json.loads(done.stdout.strip().splitlines()[-1]), machine=busyness.share())


def verify(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-2000:]}")
