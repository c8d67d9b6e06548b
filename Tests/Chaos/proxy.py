"""A TCP proxy that can be told to be a bad network."""
from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress

Target = "tuple[str, int] | str"


class Connection:
    """One client's connection, and the one to the server that belongs to it."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        # Neither end is told that nothing goes through any more.
        self.is_dead = False

    def reset(self) -> None:
        """Ends both sides at once, the client's by RST."""
        for writer in (self.client, self.server):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.family != socket.AF_UNIX:
                # One that is closed already needs no reset.
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Proxy:
    """Listens on a loopback port. Its faults hold for all connections, in both directions.

    `frozen` lets nothing through, and accepts; what waits goes on afterwards, as TCP would send it again.
    `latency` is seconds each way; `slice` the most bytes sent at a time; `rate` bytes per second and direction.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.frozen = False
        self.latency = 0.0
        self.slice = 0
        self.rate = 0
        self.accepted = 0
        self._connections: set[Connection] = set()
        self._loop = asyncio.new_event_loop()
        # What a broken connection says is no news here.
        self._loop.set_exception_handler(lambda *_: None)
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._accept, "127.0.0.1", 0), self._loop
        ).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> int:
        """Resets what is connected; returns how many."""

        async def reset() -> int:
            connections = list(self._connections)
            for connection in connections:
                connection.reset()
            return len(connections)

        return asyncio.run_coroutine_threadsafe(reset(), self._loop).result(10)

    def half_open(self) -> int:
        """What is connected stays so, and nothing goes through any more; new connections work."""
        connections = list(self._connections)
        for connection in connections:
            connection.is_dead = True
        return len(connections)

    def heal(self) -> None:
        """A good network again; connections that are half open stay dead."""
        self.frozen, self.latency, self.slice, self.rate = False, 0.0, 0, 0

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            for connection in list(self._connections):
                connection.reset()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        while self.frozen:
            await asyncio.sleep(0.05)
        try:
            if isinstance(self.target, str):
                server_reader, server_writer = await asyncio.open_unix_connection(self.target)
            else:
                server_reader, server_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(self, writer, server_writer)
        self._connections.add(connection)
        try:
            await asyncio.gather(
                self._pump(connection, reader, server_writer), self._pump(connection, server_reader, writer)
            )
        except (OSError, asyncio.CancelledError):
            connection.reset()
        finally:
            self._connections.discard(connection)
            for end in (writer, server_writer):
                end.close()

    async def _pump(
        self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carries one direction: reading and sending are apart, so that a latency is no limit of throughput."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        sending = asyncio.create_task(self._send(connection, waiting, writer))
        try:
            while not sending.done():
                data = await reader.read(65536)
                await waiting.put((self._loop.time() + self.latency, data))
                if not data:
                    break
            await sending
        finally:
            sending.cancel()

    async def _send(
        self, connection: Connection, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await waiting.get()
            if due > self._loop.time():
                await asyncio.sleep(due - self._loop.time())
            while self.frozen or connection.is_dead:
                await asyncio.sleep(0.05)
            if not data:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            while data:
                size = self.slice or (max(1, self.rate // 20) if self.rate else len(data))
                writer.write(data[:size])
                await writer.drain()
                if self.rate:
                    await asyncio.sleep(min(size, len(data)) / self.rate)
                elif self.slice:
                    await asyncio.sleep(0)
                data = data[size:]
