"""A fresh database with the fleet's own tables for every run, copied from one that `flotilla migrate` has made."""

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

TEMPLATE = "flotilla_bench_template"
WORK = "flotilla_bench"


class Database:
    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, name: str) -> str:
        parts = urlsplit(self._url)
        return urlunsplit(parts._replace(path="/" + name)) if parts.netloc else self._bare(name)

    def _bare(self, name: str) -> str:
        # urlunsplit drops the empty host of postgresql:///name?host=/socket/folder
        parts = urlsplit(self._url)
        return f"{parts.scheme}:///{name}" + (f"?{parts.query}" if parts.query else "")

    def _execute(self, *statements: sql.Composed | str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def make_template(self) -> str:
        """Makes an empty database to migrate, and gives its URL."""
        self._execute(self._drop(TEMPLATE), sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        return self.url(TEMPLATE)

    def make(self) -> str:
        """Makes the database of one run, with nothing left to write from before, and gives its URL."""
        self._execute(
            self._drop(WORK),
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(WORK), sql.Identifier(TEMPLATE)),
            "CHECKPOINT",
        )
        return self.url(WORK)

    def drop(self) -> None:
        self._execute(self._drop(WORK), self._drop(TEMPLATE))

    @staticmethod
    def _drop(name: str) -> sql.Composed:
        return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))

    def audit_rows(self) -> tuple[int, int]:
        """How many audit rows there are, and how many different messages they are of."""
        with psycopg.connect(self.url(WORK)) as connection:
            return connection.execute("SELECT count(*), count(DISTINCT message_id) FROM audit_logs").fetchone()

    def facts(self) -> dict[str, str]:
        names = ["fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_compression"]
        with psycopg.connect(self._url) as connection:
            version = connection.execute("SHOW server_version").fetchone()[0]
            settings = {name: connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchone()[0] for name in names}
        return {"PostgreSQL": version, "Postgres settings": ", ".join(f"{name} {value}" for name, value in settings.items())}
