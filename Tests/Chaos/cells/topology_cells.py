"""Queues, exchanges and the vhost deleted under load. Nobody mends them by hand."""
from __future__ import annotations

import time
from collections.abc import Callable

from cell import Rules, cell
from cells.ladder_cells import Failing
from home import wait_until
from stage import Stage

GROUP = "Topology"
AUDIT = Rules(done=90, may_lose_audit=True)


def _there_again(stage: Stage, what: str, names: set[str], list_names: Callable[[], list[str]]) -> None:
    """The rule of the remedy: declared again by the fleet within 5 s."""
    begin = time.monotonic()
    try:
        wait_until(f"{what} is declared again", 30, lambda: names <= set(list_names()))
        seconds = time.monotonic() - begin
    except TimeoutError:
        seconds = 30.0
    stage.check(f"{what} declared again by the fleet, s", round(seconds, 1), "<= 5", seconds <= 5)
    if seconds >= 30:
        # Without it nothing more could be learnt from this cell.
        stage.home.run("topology", "apply", check=False)


@cell(GROUP, "subscription.profile.viewed deleted", seconds=8, rules=Rules(done=90))
def delete_queue(stage: Stage) -> None:
    stage.broker.delete_queue("subscription.profile.viewed")
    _there_again(stage, "the queue", {"subscription.profile.viewed"}, stage.broker.queues)
    stage.sleep(2)


@cell(GROUP, "audit.all deleted", seconds=8, rules=AUDIT)
def delete_audit_queue(stage: Stage) -> None:
    stage.broker.delete_queue("audit.all")
    _there_again(stage, "the queue", {"audit.all"}, stage.broker.queues)
    stage.sleep(2)


@cell(GROUP, "fleet.topic deleted", seconds=8, rules=Rules(done=90))
def delete_exchange(stage: Stage) -> None:
    stage.broker.delete_exchange("fleet.topic")
    _there_again(stage, "the exchange", {"fleet.topic"}, stage.broker.exchanges)
    stage.sleep(2)


@cell(GROUP, "dlq.subscription.profile.viewed deleted", seconds=8, rules=Rules(done=90))
def delete_dlq(stage: Stage) -> None:
    stage.broker.delete_queue("dlq.subscription.profile.viewed")
    _there_again(stage, "the dead-letter queue", {"dlq.subscription.profile.viewed"}, stage.broker.queues)
    stage.sleep(2)


@cell(GROUP, "All queues and exchanges of the delay ladder deleted, then 60 messages that have to be retried",
      seconds=10, rules=Rules(done=120, attempts=200))
def delete_ladder(stage: Stage) -> None:
    ladder = {name for name in stage.broker.queues() if name.startswith("fleet.delay.")}
    for name in [name for name in stage.broker.exchanges() if name.startswith("fleet.delay.")]:
        stage.broker.delete_exchange(name)
    for name in ladder:
        stage.broker.delete_queue(name)
    with Failing(stage, 60) as failing:
        _there_again(stage, "the ladder", ladder, stage.broker.queues)
        stage.sleep(1)
    failing.expect_done(60)


@cell(GROUP, "The vhost deleted", seconds=12, rules=Rules(done=90, may_lose_audit=True, may_lose_others=True))
def delete_vhost(stage: Stage) -> None:
    stage.broker.delete_vhost()
    _there_again(stage, "audit.all", {"audit.all"}, stage.broker.queues)
    stage.sleep(2)
