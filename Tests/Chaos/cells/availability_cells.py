"""Clients that get in the way of others, without any right to."""
from __future__ import annotations

import resource
import socket
import threading
import time
import urllib.request

import processes
from cell import cell
from cells.held_cells import enqueue, new_key
from home import wait_until
from stage import Stage

GROUP = "Availability"


def _answer_time(port: int) -> float | None:
    begin = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=10) as answer:
            return time.monotonic() - begin if answer.status == 200 else None
    except OSError:
        return None


@cell(GROUP, "3,000 requests without a key whose heads never end, a byte a second each, for 20 s", has_load=False)
def half_open_requests(stage: Stage) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    key, port = new_key(stage), stage.home.port
    before = stage.home.process("api")
    ends = time.monotonic() + 20
    opened = [0]

    def drip() -> None:
        clients: list[socket.socket] = []
        while time.monotonic() < ends:
            begin = time.monotonic()
            still: list[socket.socket] = []
            for client in clients:
                try:
                    client.send(b"x")
                    still.append(client)
                except OSError:
                    client.close()
            clients = still
            while len(clients) < 1000 and time.monotonic() < ends:
                try:
                    client = socket.create_connection(("127.0.0.1", port), timeout=5)
                    client.setblocking(False)
                    client.send(b"POST /api/v1/jobs HTTP/1.1\r\nHost: a\r\nX-Slow: ")
                except OSError:
                    break
                clients.append(client)
                opened[0] += 1
            time.sleep(max(0.05, begin + 1 - time.monotonic()))
        for client in clients:
            client.close()

    threads = [threading.Thread(target=drip, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until("many are connected", 15, lambda: opened[0] >= 1000)
    times: list[float | None] = []
    statuses: list[int] = []
    while time.monotonic() < ends - 1:
        times.append(_answer_time(port))
        statuses.append(enqueue(stage, port, key, f"{stage.load.word}-{len(statuses)}", len(statuses))[0])
        stage.sleep(0.25)
    for thread in threads:
        thread.join(30)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    answered = [value for value in times if value is not None]
    worst = max(answered, default=10.0)
    stage.check("liveness answered", f"{len(answered)} of {len(times)}, {worst:.2f} s at most", "all, <= 2 s",
                len(answered) == len(times) > 0 and worst <= 2)
    stage.check("enqueued meanwhile", f"{statuses.count(202)} of {len(statuses)}", "all",
                statuses.count(202) == len(statuses) > 0)
    stage.check("connections opened", opened[0], ">= 3000", opened[0] >= 3000)
    api = stage.home.process("api")
    stage.check("the API's process", api, f"= {before}", api == before)
    if api is not None:
        wait_until("its descriptors are free", 30, lambda: (found := processes.footprint(api)) is None
                   or found.descriptors < 500)
