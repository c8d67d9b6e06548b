"""A private fleet: servers, API and workers in a folder of their own, by the built command."""
from __future__ import annotations

import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, unquote

import processes
from postgres import Session
from proxy import Proxy

REPOSITORY = Path(__file__).resolve().parents[2]
SERVERS = ("rabbitmq", "postgres", "redis")
URLS = {"rabbitmq": "RABBITMQ_URL", "postgres": "DATABASE_URL", "redis": "REDIS_URL"}

# Megabytes of the small disks; Postgres' holds an empty database and some log.
SMALL_DISKS = {"mail": 8, "tickets": 8, "state": 4, "postgres": 500}

# What a company without a subscription may use; the ledger reckons with it.
FREE_VIEWS = 100
PLANS = f"""version: 1
plans:
  freemium: {{ name: Freemium, limits: {{ profile_views: {FREE_VIEWS}, searches: 500 }} }}
  pro: {{ name: Pro, months: 1, limits: {{ profile_views: 1000, searches: 10000 }} }}
"""


def wait_until(what: str, seconds: float, test: Callable[[], bool], every: float = 0.1) -> None:
    """Polls until `test` holds; a TimeoutError names what did not come true."""
    deadline = time.monotonic() + seconds
    while not test():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _end_with_parent() -> None:
    """In the child: SIGTERM when this harness dies, however it dies."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Home:
    """One home. With `proxied`, what the fleet's processes say to the servers goes through proxies."""

    def __init__(self, binary: Path, proxied: bool = False, environment: dict[str, str] | None = None) -> None:
        self.binary, self.proxied = binary, proxied
        self.path = Path(tempfile.mkdtemp(prefix="flotilla-chaos-"))
        self.port = free_port()
        self.up: subprocess.Popen[bytes] | None = None
        self.proxies: dict[str, Proxy] = {}
        self.servers: dict[str, str] = {}
        self.mounts: list[Path] = []
        # How often the API or the workers were ended: `up` waits longer each time.
        self.ended = 0
        (self.path / "plans.yaml").write_text(PLANS)
        base = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
        for name in ("RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL", "DATABASE_URL", "REDIS_URL"):
            base.pop(name, None)
        self.environment = base | {
            "FLOTILLA_HOME": str(self.path),
            "FLOTILLA_QUEUES": str(REPOSITORY / "queues.yaml"),
            "FLOTILLA_PLANS": str(self.path / "plans.yaml"),
            "FLOTILLA_TEMPLATES": str(REPOSITORY / "ops/templates"),
            "PORT": str(self.port),
            # Attempts are counted in the log, through the deaths of its writers.
            "FLOTILLA_LOG_REPEATS": "yes",
        } | (environment or {})

    # Commands

    def run(self, *words: str, timeout: float = 120, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The command in this home; not in the repository, whose .env is none of ours."""
        result = subprocess.run(
            [str(self.binary), *words], env=self.environment, cwd=self.path, text=True, capture_output=True,
            timeout=timeout, stdin=subprocess.DEVNULL, check=False,
        )
        if check and result.returncode != 0:
            raise RuntimeError(f"flotilla {' '.join(words)}: {result.stderr.strip()[-500:]}")
        return result

    # Life

    def start(self, prepare: Callable[[Home], None] | None = None) -> None:
        """Servers first, so that their addresses are known; then the fleet."""
        self.start_servers()
        if prepare:
            prepare(self)
        self.start_fleet()

    def start_servers(self) -> None:
        self.run("services", "start")
        self.servers = json.loads(self.run("services", "env", "--output", "json").stdout)
        status = json.loads(self.run("services", "status", "--output", "json").stdout)
        self.logs = Path(status[0]["log"]).parent
        self.base = self.logs.parent
        if self.proxied:
            self._start_proxies()

    def _start_proxies(self) -> None:
        amqp = self.servers["RABBITMQ_URL"]
        account, _, place = amqp.removeprefix("amqp://").partition("@")
        address, _, vhost = place.partition("/")
        host, _, port = address.partition(":")
        with_session = Session(self.servers["DATABASE_URL"])
        user, database = with_session.user, with_session.database
        sockets = with_session.socket.getpeername()
        with_session.close()
        redis = self.servers["REDIS_URL"].removeprefix("unix://")
        self.proxies = {
            "rabbitmq": Proxy((host, int(port))), "postgres": Proxy(sockets), "redis": Proxy(unquote(redis)),
        }
        user = self.environment.get("LEDGER_DATABASE_USER", user)
        self.environment |= {
            "RABBITMQ_URL": f"amqp://{account}@127.0.0.1:{self.proxies['rabbitmq'].port}/{vhost}",
            "RABBITMQ_MANAGEMENT_URL": self.servers["RABBITMQ_MANAGEMENT_URL"],
            "DATABASE_URL": f"postgresql://{quote(user)}@127.0.0.1:{self.proxies['postgres'].port}/{database}"
            "?sslmode=disable",
            "REDIS_URL": f"redis://127.0.0.1:{self.proxies['redis'].port}/0",
        }

    def start_fleet(self, wait: bool = True) -> None:
        """`flotilla up`, until the API is ready and the workers take messages."""
        with open(self.path / "up.log", "ab") as log:
            self.up = subprocess.Popen(
                [str(self.binary), "up"], env=self.environment, cwd=self.path, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, preexec_fn=_end_with_parent,
            )
        if wait:
            wait_until("the API is ready", 90, self.is_ready)
            wait_until("the workers run", 60, lambda: self.process("worker") is not None)

    def is_ready(self) -> bool:
        if self.up and self.up.poll() is not None:
            raise RuntimeError(f"flotilla up ended: {(self.path / 'up.log').read_text()[-500:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def stop_fleet(self) -> None:
        """SIGTERM, and SIGKILL when it does not end."""
        if not self.up:
            return
        if self.up.poll() is None:
            for pid in [self.up.pid, *processes.children(self.up.pid)]:
                processes.send(pid, signal.SIGCONT)
            self.up.terminate()
            try:
                self.up.wait(60)
            except subprocess.TimeoutExpired:
                for pid in processes.descendants(self.up.pid):
                    if self.binary.name in " ".join(processes.arguments(pid)[:1]):
                        processes.send(pid, signal.SIGKILL)
                self.up.kill()
                self.up.wait()
        self.up = None
        self.ended = 0

    def close(self) -> None:
        """Ends everything that was started here and deletes the folder; no step keeps the next ones from being done."""
        with ExitStack() as steps:
            steps.callback(shutil.rmtree, self.path, ignore_errors=True)
            steps.callback(self._reset)
            steps.callback(self._unmount)
            steps.callback(self.run, "services", "stop", check=False)
            for proxy in self.proxies.values():
                steps.callback(proxy.close)
            steps.callback(self.stop_fleet)
            for server in SERVERS:
                steps.callback(self.thaw, server)

    def _unmount(self) -> None:
        for mount in reversed(self.mounts):
            subprocess.run(["umount", "-l", str(mount)], check=False)
        self.mounts.clear()

    def _reset(self) -> None:
        result = self.run("services", "reset", "--yes", check=False)
        if result.returncode != 0:
            print(f"chaos: something is left in {self.path}: {result.stderr.strip()[-300:]}")

    # Processes

    def process(self, name: str) -> int | None:
        """The process id of `up`, `api`, `worker` or a server."""
        if name in SERVERS:
            try:
                pid = int((self.base / "control" / f"{name}.lock").read_text())
            except (OSError, ValueError):
                return None
            return pid if processes.is_alive(pid) else None
        if not self.up:
            return None
        if name == "up":
            return self.up.pid
        for pid in processes.children(self.up.pid):
            if processes.arguments(pid)[1:2] == [name]:
                return pid
        return None

    def fleet_processes(self) -> dict[str, int]:
        found = {name: self.process(name) for name in ("up", "api", "worker")}
        return {name: pid for name, pid in found.items() if pid}

    def signal(self, name: str, number: int) -> int | None:
        """Signals a process by name; returns its id, None when it does not run just now."""
        pid = self.process(name)
        if pid:
            processes.send(pid, number)
        return pid

    def family(self, server: str) -> list[int]:
        """A server's process and all its children."""
        pid = self.process(server)
        return [pid, *processes.descendants(pid)] if pid else []

    def thaw(self, server: str) -> None:
        if hasattr(self, "base"):
            for pid in self.family(server):
                processes.send(pid, signal.SIGCONT)

    def zombies(self) -> list[int]:
        """Dead children that nobody has waited for, of the fleet's processes."""
        return [
            child for pid in self.fleet_processes().values() for child in processes.children(pid)
            if processes.is_zombie(child)
        ]

    # Servers

    def database(self, timeout: float = 10) -> Session:
        """A session beside the proxies, as the owner of everything."""
        return Session(self.servers["DATABASE_URL"], timeout)

    def make_small_disks(self) -> None:
        """A tmpfs in the place of each folder that a cell fills; before the servers start. Only for root."""
        self.path.chmod(0o711)
        for name, megabytes in SMALL_DISKS.items():
            folder = self.path / name
            folder.mkdir(mode=0o700)
            owner = pwd.getpwnam("postgres") if name == "postgres" else pwd.getpwuid(0)
            options = f"size={megabytes}m,mode=0700,uid={owner.pw_uid},gid={owner.pw_gid}"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
            self.mounts.append(folder)


def fill(filler: Path) -> None:
    """Writes until the disk is full, to the last byte."""
    with open(filler, "ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                pass
