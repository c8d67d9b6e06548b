"""The broker as the harness sees it: queues, preloading, and depths for the ledger."""

import time
from collections.abc import Iterable

import amqp
from kombu.utils.url import parse_url


class Broker:
    """A connection of its own for each use: heartbeats need no care then."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._parts = parse_url(url)

    def _connect(self) -> amqp.Connection:
        connection = amqp.Connection(
            host=f"{self._parts['hostname']}:{self._parts['port'] or 5672}",
            userid=self._parts["userid"] or "guest",
            password=self._parts["password"] or "guest",
            virtual_host=self._parts["virtual_host"] or "/",
        )
        connection.connect()
        return connection

    def version(self) -> str:
        with self._connect() as connection:
            return connection.server_properties["version"]

    def make(self, queue: str, arguments: dict | None = None) -> None:
        """A new, empty quorum queue."""
        with self._connect() as connection:
            channel = connection.channel()
            channel.queue_delete(queue)
            declared = {"x-queue-type": "quorum"} | (arguments or {})
            channel.queue_declare(queue, durable=True, auto_delete=False, arguments=declared)

    def bind(self, queue: str, exchange: str, key: str) -> None:
        """Binds the queue to a topic exchange, which is made when it is not there."""
        with self._connect() as connection:
            channel = connection.channel()
            channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
            channel.queue_bind(queue, exchange, key)

    def delete_exchange(self, exchange: str) -> None:
        with self._connect() as connection:
            connection.channel().exchange_delete(exchange)

    def delete(self, queue: str) -> None:
        with self._connect() as connection:
            connection.channel().queue_delete(queue)

    def depth(self, queue: str) -> int:
        """Messages that are ready; those of a consumer that has gone are ready again."""
        with self._connect() as connection:
            return connection.channel().queue_declare(queue, passive=True).message_count

    def has_consumers(self, queue: str) -> bool:
        with self._connect() as connection:
            return connection.channel().queue_declare(queue, passive=True).consumer_count > 0

    def await_depth(self, queue: str, expected: int, limit: float = 30) -> int:
        """The depth once it is as expected, or when the time is up."""
        end = time.monotonic() + limit
        while (depth := self.depth(queue)) != expected and time.monotonic() < end:
            time.sleep(0.1)
        return depth

    def preload(self, queue: str, messages: Iterable[amqp.Message]) -> None:
        with self._connect() as connection:
            channel = connection.channel()
            for message in messages:
                channel.basic_publish(message, exchange="", routing_key=queue)
