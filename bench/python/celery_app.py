"""Celery with the settings that keep a message safe, and nothing switched on that only costs time."""

import os

from celery import Celery
from kombu import Exchange, Queue

QUEUE = os.environ.get("BENCH_QUEUE", "bench.celery")
PREFETCH = int(os.environ.get("BENCH_PREFETCH", "1000"))
CONCURRENCY = int(os.environ.get("BENCH_CONCURRENCY", "1"))

app = Celery("bench", broker=os.environ["RABBITMQ_URL"])
app.conf.update(
    task_queues=[Queue(QUEUE, Exchange(""), routing_key=QUEUE, durable=True, queue_arguments={"x-queue-type": "quorum"})],
    task_default_queue=QUEUE,
    task_default_exchange="",
    task_default_routing_key=QUEUE,
    # Safe: acknowledged after the task, also when its process dies; persistent; confirmed when published.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure_or_timeout=True,
    task_default_delivery_mode="persistent",
    broker_transport_options={"confirm_publish": True},
    # The same number of messages in hand as the others.
    worker_prefetch_multiplier=max(1, PREFETCH // CONCURRENCY),
    # Fast: no results, no events, no remote control, no rate limits, plain JSON.
    task_ignore_result=True,
    result_backend=None,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    worker_disable_rate_limits=True,
    worker_hijack_root_logger=False,
    task_serializer="json",
    accept_content=["json"],
    broker_heartbeat=10,
    broker_connection_retry_on_startup=True,
)
