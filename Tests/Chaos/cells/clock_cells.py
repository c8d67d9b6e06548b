"""A worker whose clock is wrong, and a pooler before Postgres."""
from __future__ import annotations

import glob
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from cell import cell
from home import Home, free_port, wait_until
from load import Planned
from publisher import Publisher
from stage import Stage

GROUP = "Clock and pooler"


def _faketime() -> str | None:
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    return found[0] if found else None


def _needs_faketime() -> str | None:
    return None if _faketime() else "needs Debian's faketime"


def _needs_pgbouncer() -> str | None:
    return None if shutil.which("pgbouncer", path="/usr/sbin:/usr/bin") else "needs Debian's pgbouncer"


@cell(GROUP, "A worker whose clock is two days ahead, and a subscription that is paid until tomorrow", home="bare",
      has_load=False, missing=_needs_faketime)
def clock_ahead(stage: Stage) -> None:
    home = stage.home
    home.run("migrate")
    home.run("topology", "apply")
    company, now = f"{stage.load.word}-paid", datetime.now(timezone.utc)
    period = {"periodStart": (now - timedelta(days=29)).isoformat(), "periodEnd": (now + timedelta(days=1)).isoformat()}
    body = {"subscriptionId": f"{company}-s", "customerId": company, "plan": "pro", "status": "active", **period}
    planned = Planned(f"{company}-1", "subscription", "subscription.created", json.dumps(body).encode())
    publisher = Publisher(home.servers["RABBITMQ_URL"], [planned], 10).start()
    publisher.wait(30)
    publisher.stop()
    ahead = {"LD_PRELOAD": _faketime() or "", "FAKETIME": "+2d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    for environment, seconds in (({}, 0), (ahead, 20)):
        with _worker(home, environment):
            wait_until("the subscription is known", 60, lambda: bool(_status(stage, company)))
            # The scheduler looks at its start, and then every few seconds.
            stage.sleep(seconds)
    status = _status(stage, company)
    stage.check("the subscription", status, "active", status == "active")
    events = stage.sql("SELECT count(*) FROM audit_logs WHERE event = 'subscription.expired'"
                       f" AND body LIKE '%{company}%'")
    stage.check("subscription.expired published", events[0][0], "= 0", events[0][0] == "0")
    stage.check("the log warns of the clock", "", "a line with clock or skew",
                any(word in (home.logs / "worker.log").read_text() for word in ("skew", "clock")))


@contextmanager
def _worker(home: Home, environment: dict[str, str]) -> Iterator[None]:
    with open(home.logs / "worker.log", "ab") as log:
        # By way of env, the library leaves to it what it puts into the environment: Swift would lose its arguments.
        worker = subprocess.Popen(["/usr/bin/env", str(home.binary), "worker"], cwd=home.path,
                                  env=home.environment | environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        worker.terminate()
        try:
            worker.wait(60)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


@cell(GROUP, "A worker's clock jumps two days ahead, a day behind, and back while it works", home="bare",
      has_load=False, missing=_needs_faketime)
def clock_jumps(stage: Stage) -> None:
    home = stage.home
    home.run("migrate")
    home.run("topology", "apply")
    word = f"{stage.load.word}-jump"
    clock = home.path / "clock"
    clock.write_text("+0")
    jumping = {"LD_PRELOAD": _faketime() or "", "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
               "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    begin = datetime.now(timezone.utc)
    done = 0
    with _worker(home, jumping):
        for offset in ("+0", "+2d", "-1d", "+0"):
            clock.write_text(offset)
            views = [Planned(f"{word}-{number}", "view", "profile.viewed", json.dumps({"companyId": word}).encode())
                     for number in range(done, done + 100)]
            publisher = Publisher(home.servers["RABBITMQ_URL"], views, 100).start()
            publisher.wait(30)
            publisher.stop()
            done += len(views)
            wait_until(f"all is done with the clock at {offset}", 60,
                       lambda: _counts(stage, word) == (str(done), str(done)))
    audited, used = _counts(stage, word)
    stage.check("audit rows", audited, f"= {done}", audited == str(done))
    stage.check("uses in the one period", used, f"= {done}", used == str(done))
    late = stage.sql(f"SELECT count(*) FROM audit_logs WHERE message_id LIKE '{word}-%'"
                     f" AND recorded_at NOT BETWEEN '{begin.isoformat()}' AND now()")
    stage.check("rows recorded at another time", late[0][0], "= 0", late[0][0] == "0")


def _counts(stage: Stage, word: str) -> tuple[str, str]:
    """Audit rows, and uses in the period that has most of them."""
    audited = stage.sql(f"SELECT count(*) FROM audit_logs WHERE message_id LIKE '{word}-%'")
    used = stage.sql(f"SELECT coalesce(max(used + overage), 0) FROM quotas WHERE company_id = '{word}'")
    return str(audited[0][0]), str(used[0][0])


def _status(stage: Stage, company: str) -> str:
    rows = stage.sql(f"SELECT status FROM subscriptions WHERE company_id = '{company}'")
    return str(rows[0][0]) if rows else ""


@cell(GROUP, "PgBouncer in transaction mode before Postgres: refused in one line, or served", home="bare",
      has_load=False, missing=_needs_pgbouncer)
def pgbouncer_transactions(stage: Stage) -> None:
    home = stage.home
    home.run("migrate")
    home.run("topology", "apply")
    port = free_port()
    with home.database() as session:
        folder, user, database = os.path.dirname(session.socket.getpeername()), session.user, session.database
    pooler_folder = home.path / "pooler"
    pooler_folder.mkdir(mode=0o755)
    (pooler_folder / "users").write_text(f'"{user}" ""\n')
    (pooler_folder / "pgbouncer.ini").write_text(
        f"[databases]\n{database} = host={folder} user={user}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
        f"auth_file = {pooler_folder}/users\nignore_startup_parameters = extra_float_digits,options\n"
    )
    words = ["pgbouncer", "-q", str(pooler_folder / "pgbouncer.ini")]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    with open(pooler_folder / "log", "wb") as log:
        pooler = subprocess.Popen(words, stdout=log, stderr=log, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    environment = home.environment | {
        "DATABASE_URL": f"postgresql://{user}@127.0.0.1:{port}/{database}?sslmode=disable",
        "RABBITMQ_URL": home.servers["RABBITMQ_URL"], "REDIS_URL": home.servers["REDIS_URL"],
    }
    worker_log = pooler_folder / "worker.log"
    try:
        stage.sleep(1)
        with open(worker_log, "wb") as log:
            worker = subprocess.Popen([str(home.binary), "worker"], env=environment, cwd=home.path, stdout=log,
                                      stderr=log, stdin=subprocess.DEVNULL)
        time.sleep(10)
        text = worker_log.read_text()
        refused = worker.poll() is not None
        line = next((line for line in text.splitlines() if "ooler" in line or "ouncer" in line), "")
        stage.check("the worker", "ended" if refused else "runs", "refuses the pooler in one line that names it",
                    refused and bool(line))
        stage.check("its line", line[:160], "names the pooler", bool(line))
        stage.check("statements that failed", text.count("already exists"), "= 0", "already exists" not in text)
        if not refused:
            worker.send_signal(signal.SIGTERM)
            worker.wait(60)
    finally:
        pooler.terminate()
        pooler.wait(20)
