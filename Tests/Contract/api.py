"""Requests to a fleet's API, with a key of it."""
from __future__ import annotations

import json
import urllib.error
import urllib.request

from home import Home


class API:
    def __init__(self, home: Home, key: str) -> None:
        self.base, self.key = f"http://127.0.0.1:{home.port}", key

    def call(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        request = urllib.request.Request(
            self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"X-API-Key": self.key, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def make_key(home: Home, scope: str) -> str:
    words = ["key", "create", f"contract {scope}", "--scopes", scope, "--output", "json"]
    if scope == "enqueue":
        words += ["--events", "#", "--jobs", "#"]
    return json.loads(home.run(*words).stdout)["key"]
