"""The homes of a run: one at a time, kept from cell to cell while it is clean."""
from __future__ import annotations

from pathlib import Path

from home import Home


class Homes:
    """Makes the home that a cell asks for.

    `plain` has everything, `proxied` proxies before its servers, `owned` proxies and an ordinary user who owns the
    database, `small` small disks, and `bare` servers only.
    """

    def __init__(self, binary: Path) -> None:
        self._binary = binary
        self._current: Home | None = None
        self._kind = ""
        self._isKept = False

    def get(self, kind: str) -> Home:
        """A running home; a bare one is always new."""
        if self._current and self._kind == kind and kind != "bare" and self._is_whole(self._current):
            if self._current.ended > 1:
                self._current.stop_fleet()
                self._current.start_fleet()
            return self._current
        self.discard()
        environment = {"LEDGER_DATABASE_USER": "fleet_owner"} if kind == "owned" else None
        home = Home(self._binary, proxied=kind in ("proxied", "owned"), environment=environment)
        self._current, self._kind = home, kind
        if kind == "small":
            home.make_small_disks()
        if kind == "bare":
            home.start_servers()
        else:
            home.start(prepare=_make_owner if kind == "owned" else None)
        return home

    def discard(self) -> None:
        """The next cell gets a new one."""
        if self._current:
            home, self._current = self._current, None
            home.close()

    def keep(self) -> None:
        """Leaves the home to a person, running."""
        self._isKept = True
        if self._current:
            print(f"chaos: kept {self._current.path}; its fleet ends with this program")

    def close(self) -> None:
        if self._isKept and self._current:
            self._current.stop_fleet()
            path = self._current.path
            print(f"chaos: its servers run; to end them: FLOTILLA_HOME={path} flotilla services reset --yes")
            return
        self.discard()

    @staticmethod
    def _is_whole(home: Home) -> bool:
        try:
            return len(home.fleet_processes()) == 3 and home.is_ready()
        except RuntimeError:
            return False


def _make_owner(home: Home) -> None:
    """An ordinary user owns the database, as in production: a superuser can't be refused anything."""
    with home.database() as session:
        session.query("CREATE ROLE fleet_owner LOGIN")
        session.query("ALTER DATABASE flotilla OWNER TO fleet_owner")
        session.query("ALTER SCHEMA public OWNER TO fleet_owner")
