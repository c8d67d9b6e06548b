"""The contenders: how each is set up and run, and what its ledger must show."""

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import amqp
import dramatiq
from celery import Celery
from harness import machine, program, workers
from harness.broker import Broker
from harness.database import TEMPLATE, Database
from harness.result import Result
from kombu import serialization
from sample import message_id, payload

WINDOW = 1000
BATCH = 500
# What audit messages come by, so that the rows say what real ones say.
EXCHANGE, EVENT = "bench.topic", "profile.viewed"


@dataclass(frozen=True)
class Bench:
    """What every contender needs; without broker and database when nobody uses them."""

    broker: Broker | None
    database: Database | None
    binaries: Path
    swift: Path | None
    flotilla: Path
    # The number of unacknowledged messages of the whole contender, however many processes it has.
    prefetch: dict[str, int]


@dataclass(frozen=True)
class Setting:
    """One way to run a contender; the tuning pass picks the fastest."""

    name: str
    processes: int = 1
    pool: str = ""
    concurrency: int = 1


@dataclass(frozen=True)
class Contender:
    # Whether it needs a broker and a database.
    uses_services: ClassVar[bool] = True

    scenario: str
    name: str
    count: int
    settings: list[Setting] = field(default_factory=lambda: [Setting("")])

    def run(self, bench: Bench, setting: Setting, count: int) -> Result:
        """Runs once on a queue of its own; a run whose ledger does not add up is void."""
        queue = f"bench.{self.scenario}"
        if self.uses_services:
            bench.broker.make(queue)
        quiet = machine.settle()
        try:
            measured, void = self.measure(bench, queue, setting, count)
        except RuntimeError as error:
            measured, void = program.Report(0, 0, 1, 0, 0, 0), str(error)
        finally:
            if self.uses_services:
                bench.broker.delete(queue)
        return Result(
            self.scenario, self.name, setting.name, count, measured.seconds, measured.cpu_seconds, measured.memory_mb,
            measured.machine, quiet, void,
        )

    def measure(self, bench: Bench, queue: str, setting: Setting, count: int) -> tuple[program.Report, str]:
        raise NotImplementedError


def faults(count: int, sum_: int, expected: int, **counts: tuple[int, int]) -> str:
    """Each message once and nothing left: or else what is wrong, as one line."""
    wrong = []
    if count != expected or sum_ != expected * (expected - 1) // 2:
        wrong.append(f"{count} handled of {expected}, or not each once")
    wrong += [f"{name} is {found}, not {wanted}" for name, (found, wanted) in counts.items() if found != wanted]
    return "; ".join(wrong)


def preload(bench: Bench, queue: str, count: int, exchange: str = "", key: str = "") -> None:
    """Fills the queue, by the default exchange unless another is given."""
    command = [bench.binaries / "publish", "--url", bench.broker.url, "--exchange", exchange, "--key", key or queue]
    program.run([str(part) for part in [*command, "--count", count, "--window", WINDOW]])
    await_preloaded(bench, queue, count)


def await_preloaded(bench: Bench, queue: str, count: int) -> None:
    if (depth := bench.broker.await_depth(queue, count)) != count:
        raise RuntimeError(f"preloading left {depth} of {count} messages in the queue")
    machine.settle()


@dataclass(frozen=True)
class ConsumeProgram(Contender):
    """The C loop or the fleet's runtime: a program that takes `count` messages and reports."""

    def measure(self, bench, queue, setting, count):
        preload(bench, queue, count)
        # The fleet's runtime holds a pool of connections to Postgres, whether or not a worker uses it.
        ours = [bench.swift, "consume", "--database", bench.database.url(TEMPLATE)]
        command = ours if self.name == "Flotilla" else [bench.binaries / "consume"]
        command += ["--url", bench.broker.url, "--queue", queue, "--count", count, "--prefetch", bench.prefetch["consume"]]
        report = program.run([str(part) for part in command])
        left = bench.broker.await_depth(queue, 0, limit=10)
        return report, faults(report.count, report.sum, count, queue=(left, 0))


@dataclass(frozen=True)
class PublishProgram(Contender):
    def measure(self, bench, queue, setting, count):
        commands = {
            "C": [bench.binaries / "publish"],
            "Flotilla": [bench.swift, "publish"],
            "Celery": [sys.executable, Path(__file__).parent.parent / "python/celery_publish.py"],
            "Dramatiq": [sys.executable, Path(__file__).parent.parent / "python/dramatiq_publish.py"],
        }
        command = commands[self.name]
        command += ["--url", bench.broker.url, "--key", queue, "--count", count, "--window", WINDOW]
        report = program.run([str(part) for part in command], {"RABBITMQ_URL": bench.broker.url, "BENCH_QUEUE": queue})
        stored = bench.broker.await_depth(queue, count, limit=10)
        return report, faults(report.count, report.sum, count, queue=(stored, count))


@dataclass(frozen=True)
class AuditInsert(Contender):
    """One libpq connection without a broker."""

    def measure(self, bench, queue, setting, count):
        url = bench.database.make()
        command = [bench.binaries / "audit_insert", "--database", url, "--count", count, "--batch", BATCH]
        report = program.run([str(part) for part in command])
        return report, faults(report.count, report.sum, count, rows=(bench.database.audit_rows(), (count, count)))


@dataclass(frozen=True)
class AuditProgram(Contender):
    """The audit worker on the fleet's runtime; with people, each message has four personal fields to seal."""

    people: int = 0

    def measure(self, bench, queue, setting, count):
        url = bench.database.make()
        event = "user.updated" if self.people else EVENT
        bench.broker.bind(queue, EXCHANGE, event)
        if self.people:
            command = [bench.swift, "publish", "--url", bench.broker.url, "--exchange", EXCHANGE, "--key", event]
            command += ["--count", count, "--window", WINDOW, "--people", self.people]
            program.run([str(part) for part in command])
            await_preloaded(bench, queue, count)
        else:
            preload(bench, queue, count, EXCHANGE, event)
        command = [bench.swift, "audit", "--url", bench.broker.url, "--database", url, "--queue", queue, "--count", count]
        command += ["--prefetch", bench.prefetch["audit"], "--batch", BATCH]
        report = program.run([str(part) for part in command])
        left = bench.broker.await_depth(queue, 0, limit=10)
        rows = bench.database.audit_rows()
        program.verify([str(bench.flotilla), "audit", "verify"], {"DATABASE_URL": url})
        return report, faults(report.count, report.sum, count, queue=(left, 0), rows=(rows, (count, count)))


@dataclass(frozen=True)
class Celery_(Contender):
    """Celery workers; `consume` does nothing and `audit` writes a row for each task."""

    def measure(self, bench, queue, setting, count):
        url = bench.database.make() if self.scenario == "audit" else ""
        bench.broker.preload(queue, celery_messages(bench.broker.url, queue, f"bench.{self.scenario}", count))
        await_preloaded(bench, queue, count)
        command = [sys.executable, "-m", "celery", "--app", f"celery_{self.scenario}", "worker", "--pool", setting.pool]
        command += ["--concurrency", str(setting.concurrency), "--without-gossip", "--without-mingle", "--without-heartbeat"]
        commands = [command + ["--loglevel", "WARNING", "--hostname", f"bench{index}@%h"] for index in range(setting.processes)]
        environment = {
            "RABBITMQ_URL": bench.broker.url,
            "DATABASE_URL": url,
            "BENCH_QUEUE": queue,
            "BENCH_PREFETCH": str(bench.prefetch[self.scenario] // setting.processes),
            "BENCH_CONCURRENCY": str(setting.concurrency),
        }
        measured = workers.measure(commands, environment, count)
        left = bench.broker.await_depth(queue, 0, limit=10)
        counts = {"queue": (left, 0)}
        if url:
            counts["rows"] = (bench.database.audit_rows(), (count, count))
        return _report(measured), faults(measured.tally.count, measured.tally.sum, count, **counts)


@dataclass(frozen=True)
class Dramatiq(Contender):
    def measure(self, bench, queue, setting, count):
        # Dramatiq declares the queue itself, with arguments of its own.
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{queue}.XQ"}
        bench.broker.make(queue, arguments)
        bench.broker.preload(queue, dramatiq_messages(queue, count))
        await_preloaded(bench, queue, count)
        command = [sys.executable, "-m", "dramatiq", "dramatiq_consume", "--processes", str(setting.processes)]
        environment = {
            "RABBITMQ_URL": bench.broker.url,
            "BENCH_QUEUE": queue,
            "dramatiq_queue_prefetch": str(bench.prefetch[self.scenario] // setting.processes),
        }
        measured = workers.measure([command + ["--threads", str(setting.concurrency)]], environment, count)
        left = bench.broker.await_depth(queue, 0, limit=10)
        return _report(measured), faults(measured.tally.count, measured.tally.sum, count, queue=(left, 0))


def _report(measured: workers.Measurement) -> program.Report:
    tally = measured.tally
    return program.Report(
        tally.count, tally.sum, tally.seconds, measured.cpu_seconds, measured.memory_mb, measured.machine
    )


def celery_messages(url: str, queue: str, task: str, count: int) -> Iterator[amqp.Message]:
    """Tasks exactly as Celery would publish them."""
    app = Celery("bench", broker=url)
    for sequence in range(count):
        message = app.amqp.as_task_v2(message_id(sequence), task, (payload(sequence),), ignore_result=True)
        content_type, encoding, body = serialization.dumps(message.body, "json")
        yield amqp.Message(
            body, content_type=content_type, content_encoding=encoding, application_headers=message.headers,
            delivery_mode=2, **{name: value for name, value in message.properties.items() if value},
        )


def dramatiq_messages(queue: str, count: int) -> Iterator[amqp.Message]:
    for sequence in range(count):
        message = dramatiq.Message(queue, "consume", (payload(sequence),), {}, {}, message_id=message_id(sequence))
        yield amqp.Message(message.encode(), delivery_mode=2)


CELERY_POOLS = [
    Setting("prefork 2", 1, "prefork", 2),
    Setting("prefork 4", 1, "prefork", 4),
    Setting("solo", 1, "solo", 1),
    Setting("2 × solo", 2, "solo", 1),
    Setting("threads 4", 1, "threads", 4),
]
CELERY_AUDIT_POOLS = [
    *CELERY_POOLS,
    Setting("prefork 8", 1, "prefork", 8),
    Setting("4 × solo", 4, "solo", 1),
    Setting("2 × threads 8", 2, "threads", 8),
]
DRAMATIQ_POOLS = [
    Setting(f"{processes} × {threads} threads", processes, "", threads)
    for processes, threads in itertools.chain([(1, 8)], itertools.product([2], [1, 2, 8]))
]


def all_contenders() -> list[Contender]:
    return [
        ConsumeProgram("consume", "C", 300_000),
        ConsumeProgram("consume", "Flotilla", 300_000),
        Celery_("consume", "Celery", 20_000, CELERY_POOLS),
        Dramatiq("consume", "Dramatiq", 30_000, DRAMATIQ_POOLS),
        PublishProgram("publish", "C", 200_000),
        PublishProgram("publish", "Flotilla", 200_000),
        PublishProgram("publish", "Celery", 4_000),
        PublishProgram("publish", "Dramatiq", 4_000),
        AuditInsert("audit", "libpq", 150_000),
        AuditProgram("audit", "Flotilla", 150_000),
        AuditProgram("audit", "Flotilla/people", 100_000, people=10_000),
        Celery_("audit", "Celery", 10_000, CELERY_AUDIT_POOLS),
    ]
