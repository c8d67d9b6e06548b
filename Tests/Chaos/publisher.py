"""A foreign publisher: pika, confirms, `mandatory`, and the same id again after whatever was no confirm."""
from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable

import pika
import pika.exceptions

from load import Planned

logging.getLogger("pika").setLevel(logging.CRITICAL)
CONNECTIONS = 4


class Publisher:
    """Publishes from a few threads, at a rate, until all is accepted or `stop` is called."""

    def __init__(self, url: str, messages: Iterable[Planned], rate: float, exchange: str = "fleet.topic") -> None:
        # pika has no blocking way out of a broker that is silent but for its heartbeat.
        separator = "&" if "?" in url else "?"
        self._parameters = pika.URLParameters(f"{url}{separator}heartbeat=5&socket_timeout=5")
        self._exchange = exchange
        self._waiting = deque(messages)
        self._count = len(self._waiting)
        self._rate = rate
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._taken = 0
        self._isStopped = threading.Event()
        self.accepted: dict[str, Planned] = {}
        # When each was accepted, by the monotonic clock.
        self.times: dict[str, float] = {}
        # Published at least once and never confirmed: whether the broker has them is not known.
        self.uncertain: dict[str, Planned] = {}
        self.repeats = 0
        self._threads = [
            threading.Thread(target=self._publish, name=f"publisher-{number}", daemon=True)
            for number in range(min(CONNECTIONS, max(1, self._count)))
        ]

    def start(self) -> Publisher:
        self._start = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    @property
    def is_done(self) -> bool:
        return len(self.accepted) == self._count

    def wait(self, seconds: float) -> bool:
        """Whether all was accepted in time."""
        deadline = time.monotonic() + seconds
        while not self.is_done and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.is_done

    def stop(self) -> None:
        """After this nothing more is published, and `accepted` and `uncertain` don't change."""
        self._isStopped.set()
        for thread in self._threads:
            thread.join(15)

    def _next(self) -> Planned | None:
        """The next message when it is due; None when there is none left, or at the end."""
        while not self._isStopped.is_set():
            with self._lock:
                if self._waiting and time.monotonic() - self._start >= self._taken / self._rate:
                    self._taken += 1
                    return self._waiting.popleft()
                if len(self.accepted) == self._count:
                    return None
            time.sleep(0.002 if self._waiting else 0.05)
        return None

    def _publish(self) -> None:
        connection: pika.BlockingConnection | None = None
        channel = None
        while message := self._next():
            try:
                if channel is None:
                    connection = pika.BlockingConnection(self._parameters)
                    channel = connection.channel()
                    channel.confirm_delivery()
                with self._lock:
                    self.uncertain[message.id] = message
                channel.basic_publish(
                    self._exchange, message.key, message.body,
                    pika.BasicProperties(
                        message_id=message.id, content_type="application/json", delivery_mode=2, app_id="ledger",
                        timestamp=int(time.time()),
                    ),
                    mandatory=True,
                )
                with self._lock:
                    self.accepted[message.id] = message
                    self.times[message.id] = time.monotonic()
                    self.uncertain.pop(message.id, None)
            except pika.exceptions.UnroutableError:
                self._again(message)
            except (pika.exceptions.AMQPError, OSError, AssertionError, KeyError, IndexError):
                # A refusal too: a channel may stay refused (see the cell limit_lifted). And pika 1.2 answers some
                # closes with an error of its own code.
                self._again(message)
                _close(connection)
                connection = channel = None
        _close(connection)

    def _again(self, message: Planned) -> None:
        with self._lock:
            self.repeats += 1
            self._waiting.append(message)
            # It doesn't take the place of another in the rate.
            self._taken = max(0, self._taken - 1)
        time.sleep(0.1)


def _close(connection: pika.BlockingConnection | None) -> None:
    try:
        if connection is not None and connection.is_open:
            connection.close()
    except (pika.exceptions.AMQPError, OSError, AssertionError):
        pass
