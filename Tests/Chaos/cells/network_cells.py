"""Bad networks between the fleet and each of its three servers."""
from __future__ import annotations

from cell import Cell, Rules, add
from home import SERVERS
from stage import Stage

GROUP = "Network"
TITLES = {"rabbitmq": "RabbitMQ", "postgres": "Postgres", "redis": "Redis"}


def _cut(stage: Stage, server: str) -> None:
    for _ in range(5):
        stage.home.proxies[server].cut()
        stage.sleep(1)


def _cut_25(stage: Stage, server: str) -> None:
    for _ in range(25):
        stage.home.proxies[server].cut()
        stage.sleep(0.8)


def _black_hole(stage: Stage, server: str) -> None:
    proxy = stage.home.proxies[server]
    proxy.frozen = True
    try:
        stage.sleep(40)
    finally:
        # What was open all that time is dead in a real network as well.
        proxy.half_open()
        proxy.heal()


def _half_open(stage: Stage, server: str) -> None:
    stage.home.proxies[server].half_open()


def _slow(stage: Stage, server: str, seconds: float = 0, size: int = 0, rate: int = 0) -> None:
    proxy = stage.home.proxies[server]
    proxy.latency, proxy.slice, proxy.rate = seconds, size, rate
    try:
        stage.sleep(10)
    finally:
        proxy.heal()


def _define() -> None:
    for server in SERVERS:
        title = TITLES[server]
        for name, does, fault, seconds, rules in (
            ("cut", "every connection reset (RST), five times", _cut, 6, Rules()),
            ("cut_25", "every connection reset (RST), 25 times in 20 s", _cut_25, 21, Rules(heal=15)),
            ("blackhole", "nothing goes through for 40 s", _black_hole, 40, Rules(done=90)),
            # Noticed within two heartbeats of 10 s.
            ("halfopen", "what is connected stays open and dead; new connections work", _half_open, 25,
             Rules(heal=25, done=90)),
            ("latency", "100 ms each way for 10 s", lambda s, n: _slow(s, n, seconds=0.1), 10, Rules()),
            ("slice1", "one byte at a time for 10 s", lambda s, n: _slow(s, n, size=1), 10, Rules(done=120)),
            ("rate50k", "50 KB/s for 10 s", lambda s, n: _slow(s, n, rate=50_000), 10, Rules(done=120)),
        ):
            if name == "cut_25" and server != "rabbitmq":
                continue

            def play(stage: Stage, fault: object = fault, server: str = server) -> None:
                fault(stage, server)  # type: ignore[operator]

            share = 0.5 if name in ("slice1", "rate50k") else 1
            add(Cell(f"net_{server}_{name}", GROUP, f"{title}: {does}", play, seconds=seconds, share=share,
                     home="proxied", rules=rules))


_define()
