"""Redis emptied, full and busy: nothing may stop."""
from __future__ import annotations

from cell import cell
from stage import Stage

GROUP = "Redis"


@cell(GROUP, "FLUSHALL, three times", seconds=5)
def redis_flush(stage: Stage) -> None:
    for _ in range(3):
        stage.redis("FLUSHALL")
        stage.sleep(1)


@cell(GROUP, "Out of memory (maxmemory 1) for 10 s", seconds=10)
def redis_oom(stage: Stage) -> None:
    stage.redis("CONFIG", "SET", "maxmemory", "1")
    try:
        stage.sleep(10)
    finally:
        stage.redis("CONFIG", "SET", "maxmemory", "0")


@cell(GROUP, "A script that runs for 10 s", seconds=10)
def redis_slow_script(stage: Stage) -> None:
    script = "local t = redis.call('TIME')[1] while redis.call('TIME')[1] - t < 10 do end return 1"
    # Without effects replication the time stands still within a script.
    stage.redis("EVAL", "redis.replicate_commands() " + script, "0", timeout=30)


@cell(GROUP, "Every key replaced by one of another type", seconds=4)
def redis_wrong_types(stage: Stage) -> None:
    for key in stage.redis("--scan").split():
        kind = stage.redis("TYPE", key).strip()
        stage.redis("DEL", key)
        stage.redis(*(("SET", key, "x") if kind != "string" else ("RPUSH", key, "x")))
