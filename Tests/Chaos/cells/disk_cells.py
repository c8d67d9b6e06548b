"""Full disks: a small tmpfs in the place of each folder, filled to the last byte."""
from __future__ import annotations

import os

from cell import Rules, cell
from home import fill
from stage import Stage

GROUP = "Disks"


def _needs_root() -> str | None:
    return None if os.geteuid() == 0 else "needs root, for a small tmpfs"


@cell(GROUP, "The mail folder full for 15 s", home="small", seconds=15, missing=_needs_root)
def mail_full(stage: Stage) -> None:
    _full(stage, "mail", 15)


@cell(GROUP, "The tickets folder full for 15 s", home="small", seconds=15, missing=_needs_root)
def tickets_full(stage: Stage) -> None:
    _full(stage, "tickets", 15)


@cell(GROUP, "The state folder (the journal of what runs) full for 15 s, the worker killed meanwhile", home="small",
      seconds=15, missing=_needs_root, rules=Rules(heal=35))
def state_full(stage: Stage) -> None:
    # A worker that can't start is started again by `up` in waits that double.
    _full(stage, "state", 15, kill=True)


@cell(GROUP, "Postgres' disk full for 20 s", home="small", seconds=25, missing=_needs_root, rules=Rules(heal=20))
def pg_disk_full(stage: Stage) -> None:
    # What was allocated before is used up first.
    _full(stage, "postgres", 20)
    stage.wait_for_server("postgres")


def _full(stage: Stage, name: str, seconds: float, kill: bool = False) -> None:
    filler = stage.home.path / name / "filler"
    try:
        fill(filler)
        if kill:
            stage.kill("worker")
        stage.sleep(seconds)
    finally:
        filler.unlink(missing_ok=True)
