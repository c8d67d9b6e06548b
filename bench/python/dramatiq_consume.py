"""A Dramatiq actor that does nothing, on quorum queues."""

import os
import time

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from ledger import record
from sample import sequence_of

QUEUE = os.environ.get("BENCH_QUEUE", "bench.dramatiq")


class QuorumBroker(RabbitmqBroker):
    """Dramatiq has no setting for the type of its queues; the hook for their arguments does it."""

    def _build_queue_arguments(self, queue_name):
        return super()._build_queue_arguments(queue_name) | {"x-queue-type": "quorum"}


broker = QuorumBroker(url=os.environ["RABBITMQ_URL"], confirm_delivery=True)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=QUEUE)
def consume(event: dict) -> None:
    started = time.monotonic_ns()
    record(sequence_of(event["viewId"]), started)
