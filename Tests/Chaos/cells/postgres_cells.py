"""Postgres locked, read-only, exhausted, ended, slow and hanging."""
from __future__ import annotations

import signal
import time

import processes
from cell import cell
from home import wait_until
from postgres import DatabaseError, Session
from stage import Stage

GROUP = "Postgres"


def _lock(stage: Stage, table: str, seconds: float) -> None:
    session = stage.home.database(timeout=60)
    try:
        session.query(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        stage.sleep(seconds)
    finally:
        session.close()


@cell(GROUP, "LOCK TABLE inbox for 25 s", seconds=25)
def lock_inbox_25(stage: Stage) -> None:
    _lock(stage, "inbox", 25)


@cell(GROUP, "LOCK TABLE inbox for 120 s", seconds=120)
def lock_inbox_120(stage: Stage) -> None:
    _lock(stage, "inbox", 120)


@cell(GROUP, "LOCK TABLE inbox for 110 s, few messages", seconds=110, share=0.5)
def lock_inbox_calm(stage: Stage) -> None:
    _lock(stage, "inbox", 110)


@cell(GROUP, "LOCK TABLE outbox for 30 s", seconds=30)
def lock_outbox_30(stage: Stage) -> None:
    _lock(stage, "outbox", 30)


@cell(GROUP, "LOCK TABLE jobs for 20 s", seconds=20)
def lock_jobs_20(stage: Stage) -> None:
    _lock(stage, "jobs", 20)


@cell(GROUP, "Every other connection of Postgres taken for 10 s, the fleet's ended", seconds=12)
def pg_connections(stage: Stage) -> None:
    taken: list[Session] = []
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                taken.append(stage.home.database(timeout=5))
            except (DatabaseError, OSError):
                if taken:
                    taken[0].query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type ="
                                   " 'client backend' AND application_name <> 'ledger'")
                stage.sleep(0.2)
    finally:
        for session in taken:
            session.close()


@cell(GROUP, "All sessions of the fleet ended (pg_terminate_backend), three times", seconds=5, quick=True)
def pg_terminate(stage: Stage) -> None:
    for _ in range(3):
        stage.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                  " AND application_name <> 'ledger'")
        stage.sleep(1)


@cell(GROUP, "Read-only for 15 s (default_transaction_read_only), as after a failover", seconds=15)
def pg_readonly(stage: Stage) -> None:
    stage.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    stage.sql("SELECT pg_reload_conf()")
    try:
        stage.sleep(5)
        stage.check("readiness while read-only", stage.readiness(), "503", stage.readiness() == 503)
        stage.sleep(10)
    finally:
        stage.sql("SET default_transaction_read_only = off; SET transaction_read_only = off")
        _reset(stage, "default_transaction_read_only")


@cell(GROUP, "Sessions that stay read-only after the server has turned writable", seconds=8)
def pg_readonly_sessions(stage: Stage) -> None:
    # Sessions that begin now are read-only for good, as those that a failover has left behind.
    stage.sql("ALTER ROLE flotilla SET default_transaction_read_only = on")
    try:
        stage.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                  " AND application_name <> 'ledger'")
        stage.sleep(5)
    finally:
        with stage.home.database() as session:
            session.query("SET default_transaction_read_only = off")
            session.query("ALTER ROLE flotilla RESET default_transaction_read_only")


@cell(GROUP, "statement_timeout of 1 s for everybody for 10 s, while audit_lanes is locked", seconds=11)
def pg_timeout_1s(stage: Stage) -> None:
    stage.sql("ALTER SYSTEM SET statement_timeout = '1s'")
    stage.sql("SELECT pg_reload_conf()")
    try:
        _lock(stage, "audit_lanes", 9)
    finally:
        _reset(stage, "statement_timeout")


@cell(GROUP, "VACUUM FULL of audit log, quotas and inbox", seconds=5)
def pg_vacuum_full(stage: Stage) -> None:
    for table in ("quotas", "quota_usage", "inbox", "audit_lanes"):
        stage.sql(f"VACUUM FULL {table}", timeout=60)
    stage.sql("VACUUM FULL audit_logs", timeout=60)


@cell(GROUP, "A transaction with a snapshot, open for 15 s", seconds=15)
def pg_long_transaction(stage: Stage) -> None:
    with stage.home.database(60) as session:
        session.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM audit_logs")
        stage.sleep(15)


@cell(GROUP, "Postgres stopped for 102 s, RabbitMQ's connections closed 24 times meanwhile", seconds=102, share=2)
def cut_24_pg_down(stage: Stage) -> None:
    pids = stage.home.family("postgres")
    for pid in pids:
        processes.send(pid, signal.SIGSTOP)
    try:
        for _ in range(24):
            stage.sleep(2.6)
            stage.broker.close_connections()
    finally:
        for pid in pids:
            processes.send(pid, signal.SIGCONT)


def _reset(stage: Stage, setting: str) -> None:
    """Takes a setting of the whole server back; the file is written even while it says read-only."""
    def is_reset() -> bool:
        try:
            with stage.home.database(timeout=5) as session:
                session.query(f"SET {setting} = 0" if setting.endswith("timeout") else f"SET {setting} = off")
                session.query(f"ALTER SYSTEM RESET {setting}")
                session.query("SELECT pg_reload_conf()")
            return True
        except (DatabaseError, OSError):
            return False

    wait_until(f"{setting} is reset", 30, is_reset)

