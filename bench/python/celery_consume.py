"""A Celery task that does nothing."""

import time

from celery_app import app
from ledger import record
from sample import sequence_of


@app.task(name="bench.consume")
def consume(event: dict) -> None:
    started = time.monotonic_ns()
    record(sequence_of(event["viewId"]), started)
