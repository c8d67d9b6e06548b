"""Dramatiq's own way to publish: one message, one confirm, then the next."""

import dramatiq_consume
from publishing import measure
from sample import payload

# The harness has made the queue, so that every contender publishes to the same one.
dramatiq_consume.broker.queues_pending.clear()
measure(lambda sequence: dramatiq_consume.consume.send(payload(sequence)))
