"""One cell being played: the load, the fault, the waiting, and the checks at the end."""
from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

import processes
from broker import Broker
from cell import Cell, Check
from home import Home, wait_until
from ledger import Balance, Ledger
from load import Load, Planned
from postgres import DatabaseError
from processes import Footprint
from publisher import Publisher
from watch import Watch

HIGHEST_RATE = 700.0
Messages = dict[str, Planned]


@dataclass
class Result:
    """What a cell came to."""

    cell: str
    verdict: str = "failed"
    reason: str = ""
    balance: Balance = field(default_factory=Balance)
    attempts: int = 0
    heal: tuple[float | None, float | None] = (None, None)
    done: float | None = None
    stall: float = 0
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0


class Stage:
    """What a fault has to work with."""

    def __init__(self, cell: Cell, home: Home, count: int, rate: float | None) -> None:
        self.cell, self.home = cell, home
        self.load = Load(max(100, int(count * cell.share)) if cell.has_load else 0)
        # All through the fault, and a little longer.
        span = cell.seconds + 4
        self.rate = rate or min(HIGHEST_RATE, max(20.0, self.load.count / span))
        self.broker = Broker(home.servers["RABBITMQ_MANAGEMENT_URL"], home.base)
        self.publisher: Publisher | None = None
        self.checks: list[Check] = []
        self.own: Result | None = None
        self.waiting: dict[str, tuple[int, int]] = {}
        if cell.has_load:
            self.ledger = Ledger(home, self.load)
        self.started = self.ended = 0.0

    # For faults

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def kill(self, name: str) -> None:
        """SIGKILL, as soon as there is one to kill."""
        self._end(name, signal.SIGKILL)

    def terminate(self, name: str) -> None:
        self._end(name, signal.SIGTERM)

    def _end(self, name: str, number: int) -> None:
        wait_until(f"{name} runs", 60, lambda: self.home.process(name) is not None, every=0.02)
        self.home.signal(name, number)
        self.home.ended += name in ("worker", "api")

    def freeze(self, name: str, seconds: float, family: bool = False) -> None:
        pid = self.home.process(name)
        if pid is None:
            raise RuntimeError(f"{name} does not run")
        processes.freeze(self.home.family(name) if family else [pid], seconds)

    @contextmanager
    def without_worker(self) -> Iterator[None]:
        """Kills the worker, and keeps `up` from starting it again until the end."""
        pid = self.home.process("up")
        assert pid
        processes.send(pid, signal.SIGSTOP)
        try:
            self.kill("worker")
            yield
        finally:
            processes.send(pid, signal.SIGCONT)

    def check(self, name: str, value: object, rule: str, passed: bool) -> None:
        """A rule of this cell's own."""
        self.checks.append(Check(name, value, rule, passed))

    def sql(self, text: str, timeout: float = 30) -> list[tuple[str | None, ...]]:
        with self.home.database(timeout) as session:
            return session.query(text)

    def redis(self, *words: str, timeout: float = 10) -> str:
        """What redis-cli prints."""
        path = unquote(self.home.servers["REDIS_URL"].removeprefix("unix://"))
        return subprocess.run(["redis-cli", "-s", path, *words], text=True, capture_output=True, timeout=timeout,
                              check=True).stdout

    def readiness(self) -> int:
        """The status that the API's readiness answers with; 0 for no answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.home.port}/health/ready", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def wait_for_server(self, server: str, seconds: float = 60) -> None:
        """Until it answers again."""
        def answers() -> bool:
            status = json.loads(self.home.run("services", "status", "--output", "json", check=False).stdout)
            return any(entry["name"] == server and entry["state"] == "running" for entry in status)

        wait_until(f"{server} is back", seconds, answers, every=0.2)

    # The play

    def play(self) -> Result:
        begin = time.monotonic()
        result = Result(self.cell.name)
        try:
            if self.cell.has_load:
                self._play_load(result)
            else:
                self.cell.fault(self)
                self._verify()
                if self.own:
                    result.balance, result.attempts = self.own.balance, self.own.attempts
        except Exception as error:  # noqa: BLE001  A cell that can't go on has failed, and the next is played.
            self.check("the cell was carried out", f"{type(error).__name__}: {error}"[:300], "no error", False)
        finally:
            if self.publisher:
                self.publisher.stop()
        result.checks = self.checks
        result.verdict = "ok" if all(check.passed for check in self.checks) else "failed"
        result.seconds = time.monotonic() - begin
        return result

    def _play_load(self, result: Result) -> None:
        self._introduce()
        # Now that the workers have done something, they have all that they keep.
        before = self._footprints()
        watch = Watch(self.home, self.load)
        try:
            self.publisher = Publisher(self.home.servers["RABBITMQ_URL"], self.load.messages, self.rate).start()
            start = time.monotonic()
            wait_until("a tenth is accepted", 30, self._has_begun)
            self.started = time.monotonic()
            self.cell.fault(self)
            self.ended = time.monotonic()
            accepted = self.publisher.wait(self.cell.seconds + self.cell.rules.done + self.load.count / self.rate)
            self.check("everything was accepted", len(self.publisher.accepted), f"= {self.load.count}", accepted)
            self.publisher.stop()
            last = time.monotonic()
            balance = self._settle(max(last, self.ended) + self.cell.rules.done, *self.accounted())
            finished = time.monotonic()
        finally:
            watch.close()
        healing = watch.healing(self.ended)
        result.heal = healing.audit, healing.uses
        result.done = max(0.0, finished - max(last, self.ended))
        result.stall = watch.stall(start, watch.last_progress(finished))
        result.balance = balance
        result.attempts = self._attempts()
        self._judge(result)
        self._judge_processes(before)
        self._verify()

    def _has_begun(self) -> bool:
        return bool(self.publisher) and len(self.publisher.accepted) * 10 >= self.load.count

    def _introduce(self) -> None:
        """The companies are known before their quotas run short."""
        introductions = self.load.introductions()
        publisher = Publisher(self.home.servers["RABBITMQ_URL"], introductions, 100).start()
        if not publisher.wait(30):
            raise TimeoutError("the broker does not accept the first messages")
        publisher.stop()
        word = self.load.word

        def are_known() -> bool:
            with self.home.database() as session:
                return session.number(
                    f"SELECT count(*) FROM recipients WHERE key LIKE 'customer:{word}-%'"
                ) == len(introductions) and session.number(
                    f"SELECT count(*) FROM audit_logs WHERE message_id LIKE '{word}-intro-%'"
                ) == len(introductions)

        wait_until("the companies are known", 60, are_known)

    def accounted(self) -> tuple[Messages, Messages]:
        """What the ledger has to account for: accepted, and not known."""
        assert self.publisher
        introductions = {message.id: message for message in self.load.introductions()}
        return introductions | self.publisher.accepted, dict(self.publisher.uncertain)

    def _settle(self, deadline: float, accepted: Messages, uncertain: Messages) -> Balance:
        """Waits until nothing is missing and nothing waits, or the time is over."""
        unanswered = 0
        while True:
            problem = ""
            balance = Balance()
            try:
                balance = self.ledger.balance(accepted, uncertain)
                if self._missing(balance) <= 0 and not balance.outbox and not balance.held:
                    self.waiting = self.broker.waiting()
                    if not self.waiting:
                        return balance
            except (DatabaseError, OSError, RuntimeError) as error:
                problem = str(error)
            except subprocess.TimeoutExpired as error:
                # A machine too busy for rabbitmqctl has said nothing about the fleet: asked again, a few times.
                problem = str(error)
                if (unanswered := unanswered + 1) <= 3:
                    deadline = max(deadline, time.monotonic() + 10)
            if time.monotonic() > deadline:
                if problem:
                    raise TimeoutError(f"the servers can't be read: {problem}")
                try:
                    self.waiting = self.broker.waiting()
                    return balance
                except subprocess.TimeoutExpired as error:
                    if (unanswered := unanswered + 1) > 3:
                        raise TimeoutError(f"the servers can't be read: {error}") from error
            time.sleep(0.5)

    def settle_and_judge(self, deadline: float) -> None:
        """For cells that bring a load of their own: `load`, `publisher` and `ledger` are theirs."""
        assert self.publisher
        self.publisher.stop()
        accepted, uncertain = dict(self.publisher.accepted), dict(self.publisher.uncertain)
        result = Result(self.cell.name)
        result.balance = self._settle(deadline, accepted, uncertain)
        result.attempts = self._attempts()
        self._judge(result)
        self.own = result

    def _missing(self, balance: Balance) -> int:
        """What is lost beyond what the fault is meant to cost: what died as meant has no effect."""
        rules = self.cell.rules
        excused = sum(balance.errors[name] for name in rules.dead)
        if rules.may_lose_audit and self.publisher:
            times = self.publisher.times
            unaudited = sum(self.started - 3 <= times.get(name, 0) <= self.ended + 1 for name in balance.unaudited)
            excused += balance.unaudited_events + unaudited
            if rules.may_lose_others:
                excused += min(unaudited, balance.lost - balance.lost_audit)
        return balance.lost - excused

    def _expect_declared(self) -> None:
        """A loss that can't be mended is told by the commands that operators look at."""
        text = "".join(
            self.home.run(*words, check=False).stdout for words in (("doctor",), ("audit", "verify"))
        )
        line = next((line.strip() for line in text.splitlines() if "audit.all" in line), "")
        self.check("the loss is declared", line[:160], "doctor or audit verify names audit.all", bool(line))

    def _attempts(self) -> int:
        """Those of messages that can be handled: unreadable ones die at once, without a retry."""
        return sum(self.ledger.log.attempts().values())

    def _judge(self, result: Result) -> None:
        rules, balance = self.cell.rules, result.balance
        meant = sum(balance.errors[name] for name in rules.dead)
        if rules.dead:
            # What was meant to die is counted as dead, and not as lost.
            balance.lost = max(0, self._missing(balance))
            meant_lost = 0
        else:
            meant_lost = balance.lost - self._missing(balance)
        limit = "= 0"
        if rules.may_lose_audit:
            limit += " but for audit rows of the time of the fault"
        if rules.may_lose_others:
            limit += ", and other effects of the same messages"
        self.check("lost", balance.lost, limit, balance.lost - meant_lost <= 0)
        if rules.may_lose_audit and balance.lost_audit:
            self._expect_declared()
        self.check("doubled", balance.doubled, "= 0", balance.doubled == 0)
        self.check("unknown rows", balance.unknown, "= 0", balance.unknown == 0)
        dead_limit = f"only {', '.join(rules.dead)}" if rules.dead else "= 0"
        self.check("wrongly dead", balance.wrongly_dead, dead_limit, balance.wrongly_dead <= meant)
        self.check("counters and uses differ by", balance.disagreeing, "= 0", balance.disagreeing == 0)
        self.check("in the outbox", balance.outbox, "= 0", balance.outbox == 0)
        self.check("still waiting in the database", balance.held, "= 0", balance.held == 0)
        self.check("in queues (ready, unacknowledged)", self.waiting or 0, "= 0", not self.waiting)
        self.check("attempts spent", result.attempts, f"<= {rules.attempts}", result.attempts <= rules.attempts)
        for name, value in zip(("audit", "quota"), result.heal):
            if value is not None:
                self.check(f"heal {name}, s", round(value, 1), f"<= {rules.heal:g}", value <= rules.heal)
        self.check("all done, s", round(result.done or 0, 1), f"<= {rules.done:g}", (result.done or 0) <= rules.done)

    def _footprints(self) -> dict[str, Footprint]:
        found = {name: processes.footprint(pid) for name, pid in self.home.fleet_processes().items()}
        return {name: footprint for name, footprint in found.items() if footprint}

    def _judge_processes(self, before: dict[str, Footprint]) -> None:
        """A new process is compared with the old one, since it does the same."""
        rules = self.cell.rules
        for name in ("up", "api", "worker"):
            wait_until(f"{name} runs", 60, lambda: self.home.process(name) is not None)
        after = self._footprints()
        for name, old in before.items():
            new = after.get(name)
            if not new:
                self.check(f"{name} runs", "no", "yes", False)
                continue
            for what, limit in (("descriptors", rules.descriptors), ("threads", rules.threads)):
                growth = getattr(new, what) - getattr(old, what)
                self.check(f"{what} of {name}", f"{getattr(old, what)} to {getattr(new, what)}", f"+ {limit} at most",
                           growth <= limit)
            self.check(f"memory of {name}, MB", f"{old.memory >> 20} to {new.memory >> 20}",
                       f"+ {rules.memory >> 20} at most", new.memory - old.memory <= rules.memory)
        zombies = self.home.zombies()
        if zombies:
            # A supervisor looks after its children a few times a second.
            time.sleep(1)
            zombies = self.home.zombies()
        self.check("zombies", len(zombies), "= 0", not zombies)

    def _verify(self) -> None:
        result = self.home.run("audit", "verify", check=False)
        self.check("audit verify", f"exit {result.returncode}", "exit 0", result.returncode == 0)
