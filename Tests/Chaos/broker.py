"""RabbitMQ as its operator sees it: the HTTP interface, and rabbitmqctl for what that can't do."""
from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

CTL = "/usr/lib/rabbitmq/bin/rabbitmqctl"


class Broker:
    """The broker of a home."""

    def __init__(self, management_url: str, base: Path) -> None:
        parts = urlsplit(management_url)
        self._url = f"http://{parts.hostname}:{parts.port}/api/"
        self.user, self.password = parts.username or "", parts.password or ""
        credentials = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        self._base = base

    # HTTP

    def call(self, method: str, path: str, body: object = None) -> object:
        """The answer as JSON; None for an empty one and for 404."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        return json.loads(text) if text else None

    def delete_queue(self, name: str) -> None:
        self.call("DELETE", f"queues/%2f/{quote(name, safe='')}")

    def delete_exchange(self, name: str) -> None:
        self.call("DELETE", f"exchanges/%2f/{quote(name, safe='')}")

    def queues(self) -> list[str]:
        found = self.call("GET", "queues/%2f?disable_stats=true&enable_queue_totals=true")
        return [str(queue["name"]) for queue in found or []]  # type: ignore[union-attr,index]

    def exchanges(self) -> list[str]:
        return [str(exchange["name"]) for exchange in self.call("GET", "exchanges/%2f") or []]  # type: ignore

    def set_policy(self, name: str, pattern: str, definition: dict[str, object]) -> None:
        self.call("PUT", f"policies/%2f/{name}", {"pattern": pattern, "definition": definition, "apply-to": "queues",
                                                  "priority": 10})

    def clear_policy(self, name: str) -> None:
        self.call("DELETE", f"policies/%2f/{name}")

    def set_permissions(self, configure: str, write: str, read: str) -> None:
        self.call("PUT", f"permissions/%2f/{self.user}", {"configure": configure, "write": write, "read": read})

    def delete_vhost(self) -> None:
        self.call("DELETE", "vhosts/%2f")

    # rabbitmqctl

    def control(self, *words: str, timeout: float = 60) -> str:
        """What rabbitmqctl prints."""
        folder = self._base / "rabbitmq"
        ports = (self._base / "control/rabbitmq.ports").read_text().split()
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": "flotilla@localhost", "ERL_EPMD_PORT": ports[2],
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"), "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        result = subprocess.run(
            [CTL, "--quiet", *words], env=environment, text=True, capture_output=True,
            timeout=timeout, check=False,
        )
        if result.returncode != 0:
            raise RuntimeError(f"rabbitmqctl {' '.join(words)}: {(result.stderr or result.stdout).strip()[-400:]}")
        return result.stdout

    def close_connections(self, reason: str = "chaos") -> None:
        """Ends every AMQP connection, the publisher's too."""
        self.control("close_all_connections", "--vhost", "/", reason)

    def waiting(self) -> dict[str, tuple[int, int]]:
        """Queues that hold anything: ready and unacknowledged messages."""
        found: dict[str, tuple[int, int]] = {}
        columns = ("name", "messages_ready", "messages_unacknowledged")
        for line in self.control("list_queues", "--no-table-headers", *columns).splitlines():
            name, ready, unacknowledged = line.split("\t")
            if int(ready or 0) or int(unacknowledged or 0):
                found[name] = int(ready or 0), int(unacknowledged or 0)
        return found
