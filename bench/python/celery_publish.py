"""Celery's own way to publish: one task, one confirm, then the next."""

from celery_app import app
from celery_consume import consume
from publishing import measure
from sample import message_id, payload

with app.producer_pool.acquire(block=True) as producer:
    measure(lambda sequence: consume.apply_async((payload(sequence),), task_id=message_id(sequence), producer=producer))
