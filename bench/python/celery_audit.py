"""A Celery task that writes one audit row: a prepared statement on a connection that its thread keeps."""

import json
import os
import threading
import time
from datetime import datetime

import psycopg
from celery_app import app
from ledger import record
from sample import sequence_of

# One statement, committed by itself: one round trip and one commit for each task.
INSERT = """
    INSERT INTO audit_logs (lane, hash_version, sequence, recorded_at, occurred_at, event, actor, subject, service,
        correlation_id, message_id, exchange, routing_key, trace_parent, previous_hash, hash, body)
    VALUES (1, 1, %s, now(), %s, 'profile.viewed', %s, %s, 'search-service', %s, %s, 'bench.topic', 'profile.viewed', NULL,
        %b, %b, %s)
"""

_local = threading.local()


def connection() -> psycopg.Connection:
    """The connection of this thread of this process."""
    if getattr(_local, "process", None) != os.getpid():
        _local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0)
        _local.process = os.getpid()
    return _local.connection


@app.task(name="bench.audit")
def audit(event: dict) -> None:
    started = time.monotonic_ns()
    sequence = sequence_of(event["viewId"])
    connection().execute(
        INSERT,
        (
            sequence + 1,
            datetime.fromisoformat(event["occurredAt"]),
            event["recruiterId"],
            event["profileId"],
            event["viewId"],
            event["viewId"],
            sequence.to_bytes(32, "big"),
            (sequence + 1).to_bytes(32, "big"),
            json.dumps(event, separators=(",", ":")),
        ),
    )
    record(sequence, started)
