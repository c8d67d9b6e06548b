"""What RabbitMQ does under pressure, and what its operators do to it."""
from __future__ import annotations

from cell import Rules, cell
from stage import Stage

GROUP = "RabbitMQ"


@cell(GROUP, "Memory alarm for 15 s", seconds=15)
def memory_alarm(stage: Stage) -> None:
    stage.broker.control("set_vm_memory_high_watermark", "0.0001")
    try:
        stage.sleep(15)
    finally:
        stage.broker.control("set_vm_memory_high_watermark", "0.4")


@cell(GROUP, "Disk alarm for 15 s", seconds=15)
def disk_alarm(stage: Stage) -> None:
    stage.broker.control("set_disk_free_limit", "1000GB")
    try:
        stage.sleep(15)
    finally:
        stage.broker.control("set_disk_free_limit", "50MB")


@cell(GROUP, "All connections closed by the operator, three times", seconds=6, quick=True)
def close_connections(stage: Stage) -> None:
    for _ in range(3):
        stage.broker.close_connections()
        stage.sleep(1)


@cell(GROUP, "The broker user's permissions revoked for 8 s, its connections closed", seconds=10)
def permissions(stage: Stage) -> None:
    stage.broker.set_permissions("^$", "^$", "^$")
    try:
        stage.broker.close_connections()
        stage.sleep(8)
    finally:
        stage.broker.set_permissions(".*", ".*", ".*")


@cell(GROUP, "A policy lets messages expire after 1 ms while there is no worker: filed as `expired`", seconds=8,
      rules=Rules(heal=20, dead=("expired",)))
def policy_ttl(stage: Stage) -> None:
    stage.broker.set_policy("chaos", "^subscription\\.profile\\.viewed$", {"message-ttl": 1})
    try:
        with stage.without_worker():
            stage.sleep(5)
    finally:
        stage.broker.clear_policy("chaos")


@cell(GROUP, "A policy limits the queues to 20 messages while there is no worker, with refusals, then is lifted",
      seconds=8, rules=Rules(heal=20))
def policy_limit(stage: Stage) -> None:
    stage.broker.set_policy("chaos", "^(audit|subscription|notification)\\.", {"max-length": 20})
    try:
        with stage.without_worker():
            stage.sleep(5)
        stage.sleep(2)
    finally:
        stage.broker.clear_policy("chaos")


# So many that more wait than the worker holds (its prefetch is 2,000).
@cell(GROUP, "A length limit is lifted while the outbox is refused", seconds=16, share=2.5, rules=Rules(done=30))
def limit_lifted(stage: Stage) -> None:
    # Events of the outbox go to audit.all as everything does; the worker's other queues stay free.
    stage.broker.set_policy("chaos", "^(audit\\.all|notification\\.quota\\..*)$", {"max-length": 1})
    try:
        lock = stage.home.database()
        try:
            # Nothing is taken out of audit.all meanwhile.
            lock.query("BEGIN; LOCK TABLE audit_lanes IN ACCESS EXCLUSIVE MODE")
            stage.sleep(14)
            # Lifted while the queue is over it: on RabbitMQ 3.10 a channel that was refused then stays refused.
            stage.broker.clear_policy("chaos")
            stage.sleep(1)
        finally:
            lock.close()
    finally:
        stage.broker.clear_policy("chaos")
