"""A small PostgreSQL client: simple queries over the private server's Unix socket, which trusts its users."""
from __future__ import annotations

import socket
import struct
from urllib.parse import parse_qs, unquote, urlsplit

Row = tuple["str | None", ...]


class DatabaseError(Exception):
    """What the server answered, with its SQLSTATE."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


class Session:
    """One connection. Every wait ends after `timeout` seconds, with an OSError."""

    def __init__(self, url: str, timeout: float = 10) -> None:
        parts = urlsplit(url)
        self.user, self.database = unquote(parts.username or "flotilla"), parts.path.lstrip("/")
        folder = parse_qs(parts.query)["host"][0]
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(f"{folder}/.s.PGSQL.5432")
            text = b"".join(
                part.encode() + b"\0"
                for part in ("user", self.user, "database", self.database, "application_name", "ledger")
            )
            self.socket.sendall(struct.pack("!ii", len(text) + 9, 196608) + text + b"\0")
            self._answer()
        except Exception:
            self.socket.close()
            raise

    def query(self, sql: str) -> list[Row]:
        """The rows of the last statement that has any; values are text."""
        self.send(sql)
        return self._answer()

    def send(self, sql: str) -> None:
        """Starts a query whose answer nobody waits for."""
        text = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)

    def number(self, sql: str) -> int:
        """The first value as a number; 0 for NULL."""
        return int(self.query(sql)[0][0] or 0)

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self) -> list[Row]:
        rows: list[Row] = []
        error: DatabaseError | None = None
        while True:
            kind, body = self._message()
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"T":
                rows = []
            elif kind == b"E":
                fields = {part[:1]: part[1:].decode() for part in body.split(b"\0") if part}
                error = DatabaseError(fields.get(b"C", ""), fields.get(b"M", ""))
                if fields.get(b"S") == "FATAL":
                    raise error
            elif kind == b"Z":
                if error:
                    raise error
                return rows

    def _message(self) -> tuple[bytes, bytes]:
        head = self._read(5)
        return head[:1], self._read(struct.unpack("!i", head[1:])[0] - 4)

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("the server closed the connection")
            data += more
        return data


def _row(body: bytes) -> Row:
    values: list[str | None] = []
    place = 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        length = struct.unpack("!i", body[place:place + 4])[0]
        place += 4
        values.append(None if length < 0 else body[place:place + length].decode())
        place += max(length, 0)
    return tuple(values)
