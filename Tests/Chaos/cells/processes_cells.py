"""Kill, stop and end the fleet's own processes."""
from __future__ import annotations

import signal
import subprocess
import time

import processes
from cell import CELLS, Rules, cell
from home import Home, wait_until
from stage import Stage

GROUP = "Processes"


@cell(GROUP, "SIGKILL of the worker", quick=True)
def kill_worker_once(stage: Stage) -> None:
    stage.kill("worker")


@cell(GROUP, "SIGKILL of the worker, five times", seconds=12, rules=Rules(heal=20))
def kill_worker(stage: Stage) -> None:
    # `up` waits longer each time, 8 s after the fifth: that is its backoff and no healing.
    for _ in range(5):
        stage.kill("worker")
        stage.sleep(1)


@cell(GROUP, "The worker stopped (SIGSTOP) for 15 s", seconds=15)
def stop_worker(stage: Stage) -> None:
    stage.freeze("worker", 15)


@cell(GROUP, "The worker stopped (SIGSTOP) for 70 s", seconds=70)
def stop_worker_70(stage: Stage) -> None:
    stage.freeze("worker", 70)


@cell(GROUP, "SIGTERM of the worker, three times", seconds=8, rules=Rules(heal=20))
def term_worker(stage: Stage) -> None:
    for _ in range(3):
        stage.terminate("worker")
        stage.sleep(2)


@cell(GROUP, "SIGKILL of the API, three times", seconds=5)
def kill_api(stage: Stage) -> None:
    for _ in range(3):
        stage.kill("api")
        stage.sleep(1)


@cell(GROUP, "The API stopped (SIGSTOP) for 10 s", seconds=10)
def stop_api(stage: Stage) -> None:
    stage.freeze("api", 10)


@cell(GROUP, "SIGKILL of `up`, and `up` again at once", seconds=5, rules=Rules(heal=20))
def kill_up(stage: Stage) -> None:
    assert stage.home.up
    below = processes.children(stage.home.up.pid)
    stage.kill("up")
    stage.home.up.wait(10)
    # The kernel ends the children with it: at once, but not before it.
    wait_until("its children end", 10, lambda: not any(processes.is_alive(pid) for pid in below), every=0.02)
    stage.home.start_fleet()


@cell(GROUP, "`up` stopped (SIGSTOP) for 10 s, the worker killed meanwhile", seconds=10)
def stop_up(stage: Stage) -> None:
    with stage.without_worker():
        stage.sleep(10)


@cell(GROUP, "A second `up` in the same home")
def two_up(stage: Stage) -> None:
    result = stage.home.run("up", check=False, timeout=30)
    stage.check("exit of the second", result.returncode, "= 1", result.returncode == 1)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    said = " ".join(lines)
    stage.check("it says what to do", said[:120], "one line, with a remedy", "FLOTILLA_HOME" in said)


@cell(GROUP, "Two homes under load, RabbitMQ of one killed", seconds=10, rules=Rules(heal=20))
def two_homes(stage: Stage) -> None:
    other = Home(stage.home.binary)
    try:
        other.start()
        quiet = Stage(CELLS["kill_worker_once"], other, stage.load.count, 200)
        stage.home.signal("rabbitmq", signal.SIGKILL)
        result = quiet.play()
        for check in result.checks:
            if not check.passed:
                stage.check(f"in the other home: {check.name}", check.value, check.rule, False)
        with stage.home.database() as session:
            crossed = session.number(f"SELECT count(*) FROM audit_logs WHERE message_id LIKE '{quiet.load.word}-%'")
        stage.check("rows of the other home's load here", crossed, "= 0", crossed == 0)
    finally:
        other.close()


@cell(GROUP, "`flotilla up` ends by SIGTERM and leaves no process", has_load=False)
def clean_end(stage: Stage) -> None:
    fleet = list(stage.home.fleet_processes().values())
    assert stage.home.up
    up = stage.home.up
    up.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    try:
        status = up.wait(60)
    except subprocess.TimeoutExpired:
        status = -1
    stage.check("exit status", status, "= 0", status == 0)
    stage.check("it took, s", round(time.monotonic() - begin, 1), "<= 45", time.monotonic() - begin <= 45)
    left = [pid for pid in fleet if processes.is_alive(pid)]
    stage.check("processes left", len(left), "= 0", not left)
    stage.home.up = None
    stage.home.start_fleet()
    wait_until("the worker runs", 60, lambda: stage.home.process("worker") is not None)
