"""The search index: the fleet's worker next to psql's COPY of the very rows that it writes, and searches under load."""

import http.client
import json
import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import amqp
import profiles
import psycopg
from harness import machine, program
from harness.contenders import BATCH, Bench, Contender, await_preloaded, faults
from harness.database import WORK

PROFILES = 200_000
TABLES = {
    "search_records": "generation, profile_id, user_ids, standing, event_at, personal, fields, versions, revision, updated_at",
    "search_profiles": "generation, profile_id, language, title, keywords, context, body, skills, sector, experience_years, score, event_at",
}
INSERTED = """
    SELECT (SELECT count(*) FROM search_records), (SELECT count(*) FROM search_profiles), (SELECT count(*) FROM search_profiles WHERE vector <> '')
"""


def bodies(bench: Bench, count: int) -> Iterator[bytes]:
    """The events, made once for all runs."""
    path = bench.binaries / "profiles.ndjson"
    if not path.exists():
        draft = path.with_suffix(".new")
        with draft.open("wb") as file:
            for sequence in range(count):
                file.write(profiles.body(sequence) + b"\n")
        draft.rename(path)
    with path.open("rb") as file:
        for _, line in zip(range(count), file):
            yield line.rstrip(b"\n")


def messages(bench: Bench, count: int) -> Iterator[amqp.Message]:
    for sequence, body in enumerate(bodies(bench, count)):
        yield amqp.Message(body, content_type="application/json", delivery_mode=2, message_id=profiles.identifier(sequence))


def rows(bench: Bench) -> tuple[int, ...]:
    with psycopg.connect(bench.database.url(WORK)) as connection:
        return connection.execute(INSERTED).fetchone()


@dataclass(frozen=True)
class IndexingProgram(Contender):
    """The indexing worker on the fleet's runtime."""

    def measure(self, bench, queue, setting, count):
        url = bench.database.make()
        bench.broker.preload(queue, messages(bench, count))
        await_preloaded(bench, queue, count)
        command = [bench.swift, "indexing", "--url", bench.broker.url, "--database", url, "--queue", queue, "--count", count]
        command += ["--prefetch", bench.prefetch["indexing"], "--batch", BATCH]
        report = program.run([str(part) for part in command])
        left = bench.broker.await_depth(queue, 0, limit=10)
        return report, faults(report.count, report.sum, count, queue=(left, 0), rows=(rows(bench), (count, count, count)))


@dataclass(frozen=True)
class IndexCopy(Contender):
    """`psql` copies the rows of the index from files into the same tables with the same indexes, without a broker."""

    def measure(self, bench, queue, setting, count):
        files = [bench.binaries / f"{table}-{count}.copy" for table in TABLES]
        if not all(file.exists() for file in files):
            self._write(bench, queue, files, count)
        url = bench.database.make()
        machine.settle()
        command = ["psql", url, "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]
        for (table, columns), file in zip(TABLES.items(), files):
            command += ["--command", rf"\copy {table} ({columns}) from '{file}'"]
        busyness, before, begin = machine.Busyness(), os.times(), time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds, after = time.monotonic() - begin, os.times()
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr[-2000:]}")
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        sum_ = count * (count - 1) // 2
        report = program.Report(count, sum_, seconds, cpu, 0, busyness.share())
        return report, faults(count, sum_, count, rows=(rows(bench), (count, count, count)))

    def _write(self, bench, queue, files, count):
        """Has the worker write the rows once, and keeps them."""
        report, void = IndexingProgram("indexing", "Flotilla", count).measure(bench, queue, None, count)
        if void:
            raise RuntimeError(f"no rows to copy: {void}")
        bench.broker.make(queue)
        with psycopg.connect(bench.database.url(WORK)) as connection:
            for (table, columns), file in zip(TABLES.items(), files):
                with file.open("wb") as target, connection.cursor().copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT") as source:
                    for part in source:
                        target.write(part)


def contenders() -> list[Contender]:
    return [IndexCopy("indexing", "COPY", PROFILES), IndexingProgram("indexing", "Flotilla", PROFILES)]


@dataclass(frozen=True)
class Latency:
    clients: int
    searches: int
    seconds: float
    failures: int
    # Milliseconds, by share of the searches.
    quantiles: dict[str, float]
    documents: int

    @property
    def rate(self) -> float:
        return self.searches / self.seconds


def search(bench: Bench, count: int, clients: int, seconds: float) -> Latency:
    """Searches over HTTP an index of `count` profiles, each client one search after the other."""
    copy = IndexCopy("indexing", "COPY", count)
    bench.broker.make("bench.indexing")
    try:
        _, void = copy.measure(bench, "bench.indexing", None, count)
    finally:
        bench.broker.delete("bench.indexing")
    if void:
        raise RuntimeError(void)
    url = bench.database.url(WORK)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE search_profiles, search_records")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"DATABASE_URL": url, "RABBITMQ_URL": bench.broker.url, "FLOTILLA_LOG_LEVEL": "warning"}
    environment.pop("REDIS_URL", None)
    folder = Path(__file__).resolve().parent.parent.parent
    key = subprocess.run(
        [bench.flotilla, "key", "create", "bench", "--scopes", "view"], env=environment, cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()
    api = subprocess.Popen([bench.flotilla, "api", "--port", str(port)], env=environment, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        _await_port(port)
        _run(port, key, clients, 3)
        machine.settle(5)
        times, failures, elapsed = _run(port, key, clients, seconds)
    finally:
        api.terminate()
        api.wait(30)
    times.sort()
    quantiles = {name: times[min(len(times) - 1, int(len(times) * share))] * 1e3 for name, share in {"p50": 0.5, "p95": 0.95, "p99": 0.99}.items()}
    return Latency(clients, len(times), elapsed, failures, quantiles | {"max": times[-1] * 1e3}, count)


def _await_port(port: int) -> None:
    end = time.monotonic() + 15
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise RuntimeError("the API does not listen") from None
            time.sleep(0.05)


def _run(port: int, key: str, clients: int, seconds: float) -> tuple[list[float], int, float]:
    times: list[float] = []
    failures: list[str] = []
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < end:
            query = json.dumps(profiles.query(chance) | {"companyId": f"company-{number}"})
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            begin = time.monotonic()
            connection.request("POST", "/api/v1/search", query, headers)
            response = connection.getresponse()
            body = response.read()
            times.append(time.monotonic() - begin)
            if response.status != 200 or "items" not in json.loads(body)["data"]:
                failures.append(query)
        connection.close()

    begin = time.monotonic()
    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(failures), time.monotonic() - begin
