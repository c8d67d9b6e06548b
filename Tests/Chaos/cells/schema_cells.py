"""Faults of the installation: tables that are not there, and rights that were taken away."""
from __future__ import annotations

import subprocess
import time

from cell import cell
from ledger import Ledger
from load import Load
from publisher import Publisher
from stage import Stage

GROUP = "Schema"


@cell(GROUP, "500 messages for a worker that was started before `migrate`, which comes 15 s later", home="bare",
      has_load=False)
def worker_before_migrate(stage: Stage) -> None:
    home = stage.home
    home.run("topology", "apply")
    with open(home.logs / "worker.log", "ab") as log:
        worker = subprocess.Popen([str(home.binary), "worker"], env=home.environment, cwd=home.path, stdout=log,
                                  stderr=log, stdin=subprocess.DEVNULL)
    try:
        stage.load = Load(500, is_even=True)
        stage.publisher = Publisher(home.servers["RABBITMQ_URL"], stage.load.messages, 200).start()
        stage.sleep(15)
        home.run("migrate")
        stage.ledger = Ledger(home, stage.load, is_new=True)
        stage.publisher.wait(30)
        stage.settle_and_judge(time.monotonic() + 60)
        stage.check("the worker runs on", worker.poll(), "None", worker.poll() is None)
    finally:
        worker.terminate()
        try:
            worker.wait(60)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


@cell(GROUP, "The table dead_letters renamed for 12 s", seconds=12)
def keeper_refused(stage: Stage) -> None:
    _renamed(stage, "dead_letters", 12)


@cell(GROUP, "The table quotas renamed for 12 s", seconds=12)
def table_renamed(stage: Stage) -> None:
    _renamed(stage, "quotas", 12)


@cell(GROUP, "A column of audit_logs renamed for 12 s", seconds=12)
def column_renamed(stage: Stage) -> None:
    stage.sql("ALTER TABLE audit_logs RENAME COLUMN trace_parent TO trace_parent_away")
    try:
        stage.sleep(12)
    finally:
        stage.sql("ALTER TABLE audit_logs RENAME COLUMN trace_parent_away TO trace_parent")


@cell(GROUP, "The fleet's right to write dead_letters and quota_usage revoked for 12 s", home="owned", seconds=12)
def grant_revoked(stage: Stage) -> None:
    stage.sql("REVOKE ALL ON dead_letters, quota_usage FROM fleet_owner")
    try:
        stage.sleep(12)
    finally:
        stage.sql("GRANT ALL ON dead_letters, quota_usage TO fleet_owner")


def _renamed(stage: Stage, table: str, seconds: float) -> None:
    stage.sql(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        stage.sleep(seconds)
    finally:
        stage.sql(f"ALTER TABLE {table}_away RENAME TO {table}")

