"""Kill, stop and restart the servers."""
from __future__ import annotations

import signal

import processes
from cell import Rules, cell
from stage import Stage

GROUP = "Servers"


@cell(GROUP, "SIGKILL of RabbitMQ; `up` starts it again", seconds=12, rules=Rules(heal=20))
def kill_rabbit(stage: Stage) -> None:
    _kill_and_wait(stage, "rabbitmq")


@cell(GROUP, "RabbitMQ stopped (SIGSTOP) for 20 s", seconds=20)
def stop_rabbit(stage: Stage) -> None:
    stage.freeze("rabbitmq", 20, family=True)


@cell(GROUP, "RabbitMQ killed, then ended and started again (`services restart`)", seconds=25, rules=Rules(heal=20))
def restart_rabbit(stage: Stage) -> None:
    # Now it is a child of `up`, which has to notice when others end it.
    _kill_and_wait(stage, "rabbitmq")
    stage.home.run("services", "restart", "rabbitmq")


@cell(GROUP, "SIGKILL of Postgres' first process; `up` starts it again", seconds=5)
def kill_postmaster(stage: Stage) -> None:
    _kill_and_wait(stage, "postgres")


@cell(GROUP, "SIGKILL of one of Postgres' backends, which restarts all", seconds=4)
def kill_backend(stage: Stage) -> None:
    pid = stage.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                    " AND pid <> pg_backend_pid() LIMIT 1")[0][0]
    processes.send(int(pid or 0), signal.SIGKILL)
    stage.sleep(2)


@cell(GROUP, "Postgres' first process stopped for 15 s; its backends run", seconds=15)
def stop_postmaster(stage: Stage) -> None:
    stage.freeze("postgres", 15)


@cell(GROUP, "Postgres ended and started again (`services restart`)", seconds=5)
def restart_postgres(stage: Stage) -> None:
    stage.home.run("services", "restart", "postgres")


@cell(GROUP, "All of Postgres stopped (SIGSTOP) for 60 s", seconds=60)
def stop_postgres_60(stage: Stage) -> None:
    stage.freeze("postgres", 60, family=True)


@cell(GROUP, "SIGKILL of Redis; `up` starts it again", seconds=3)
def kill_redis(stage: Stage) -> None:
    _kill_and_wait(stage, "redis")


@cell(GROUP, "Redis ended and started again (`services restart`)", seconds=3)
def restart_redis(stage: Stage) -> None:
    stage.home.run("services", "restart", "redis")


@cell(GROUP, "Redis stopped (SIGSTOP) for 15 s", seconds=15)
def stop_redis(stage: Stage) -> None:
    stage.freeze("redis", 15)


@cell(GROUP, "Redis stopped for 15 s, and RabbitMQ's connections closed meanwhile", seconds=15)
def stop_redis_and_cut(stage: Stage) -> None:
    pid = stage.home.process("redis")
    assert pid
    processes.send(pid, signal.SIGSTOP)
    try:
        stage.sleep(5)
        stage.broker.close_connections()
        stage.sleep(9)
    finally:
        processes.send(pid, signal.SIGCONT)


def _kill_and_wait(stage: Stage, server: str) -> None:
    """The fault is over when the server answers again."""
    stage.kill(server)
    stage.wait_for_server(server)
