"""The ledger: what every accepted id came to, as read from the servers, and what of it is wrong."""
from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from home import FREE_VIEWS, Home
from load import Load, Planned
from worker_log import WorkerLog

# The consumer whose dead letter an unreadable message becomes.
VIEWS = "subscription.profile.viewed"
WARNING_AT = (FREE_VIEWS * 80 + 99) // 100


@dataclass
class Found:
    """What the servers hold of one load."""

    audit: Counter[str] = field(default_factory=Counter)
    counters: Counter[str] = field(default_factory=Counter)
    usage: Counter[str] = field(default_factory=Counter)
    # (company, event) of what the quota worker published.
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)
    # (message id, queue) of dead letters that are open, whatever load they are of, and their error types.
    dead: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    attempts_of_dead: int = 0
    # Addresses of mails that are recorded as sent, and of mail files, with the subject.
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    outbox: int = 0
    held: int = 0


@dataclass
class Balance:
    """What is wrong; everything is 0 when each accepted id had exactly one effect or one dead letter."""

    accepted: int = 0
    lost: int = 0
    lost_audit: int = 0
    lost_uses: int = 0
    lost_mails: int = 0
    lost_letters: int = 0
    doubled: int = 0
    wrongly_dead: int = 0
    # The counters and the list of uses don't agree.
    disagreeing: int = 0
    # Rows that nothing accepted accounts for.
    unknown: int = 0
    outbox: int = 0
    held: int = 0
    # Open dead letters by error type.
    errors: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    # Ids without an audit row, and how many events of the fleet have none.
    unaudited: list[str] = field(default_factory=list)
    unaudited_events: int = 0


class Ledger:
    """The account of one load in one home, from a moment on."""

    def __init__(self, home: Home, load: Load, is_new: bool = False) -> None:
        self.home, self.load = home, load
        self._first_letter = 0
        if not is_new:
            with home.database() as session:
                self._first_letter = session.number("SELECT max(id) FROM dead_letters")
        self._mails = set(self._mail_files())
        self.log = WorkerLog(home.logs / "worker.log", from_start=is_new)

    def _mail_files(self) -> list[str]:
        folder = self.home.base / "mail"
        return os.listdir(folder) if folder.is_dir() else []

    def collect(self) -> Found:
        """Reads the servers; nothing in them changes by it."""
        word = self.load.word
        found = Found()
        with self.home.database(60) as session:
            for name, count in session.query(
                f"SELECT message_id, count(*) FROM audit_logs WHERE message_id LIKE '{word}-%' GROUP BY 1"
            ):
                found.audit[name or ""] = int(count or 0)
            for table, column in (("quotas", "counters"), ("quota_usage", "usage")):
                for company, uses in session.query(
                    f"SELECT company_id, sum(used + overage) FROM {table} WHERE company_id LIKE '{word}-%' GROUP BY 1"
                ):
                    getattr(found, column)[company or ""] = int(uses or 0)
            for event, body in session.query(
                "SELECT event, body FROM audit_logs WHERE event IN ('quota.warning', 'quota.exceeded')"
                f" AND body LIKE '%{word}-%'"
            ):
                company = re.search(rf"{word}-c\d+", body or "")
                found.warnings[company.group() if company else "?", event or ""] += 1
            for name, queue, error, attempts in session.query(
                "SELECT coalesce(message_id, ''), queue, coalesce(error_type, ''), attempts FROM dead_letters"
                f" WHERE id > {self._first_letter} AND state = 'dead'"
            ):
                found.dead[name or "", queue or ""] += 1
                found.errors[error or ""] += 1
                found.attempts_of_dead += max(0, int(attempts or 0) - 1)
            for address, template, count in session.query(
                "SELECT address, template, count(*) FROM notifications WHERE channel = 'email' AND status = 'sent'"
                f" AND address LIKE '{word}-%' GROUP BY 1, 2"
            ):
                found.sent[address or "", template or ""] = int(count or 0)
            found.outbox = session.number("SELECT count(*) FROM outbox")
            found.held = session.number("SELECT count(*) FROM dead_letters WHERE state NOT IN"
                                        " ('dead', 'requeued', 'archived', 'purged')")
        for name in set(self._mail_files()) - self._mails:
            if name.endswith(".eml"):
                found.files[_recipient(self.home.base / "mail" / name)] += 1
        return found

    def balance(self, accepted: dict[str, Planned], uncertain: dict[str, Planned]) -> Balance:
        return judge(self.collect(), accepted, uncertain, self.load.companies)


def _recipient(path: Path) -> str:
    match = re.search(r"^To: .*?([\w.+-]+@[\w.-]+)", path.read_text(errors="replace"), re.MULTILINE)
    return match.group(1) if match else ""


def judge(
    found: Found, accepted: dict[str, Planned], uncertain: dict[str, Planned], companies: list[str]
) -> Balance:
    """Compares what was accepted with what was found. What is uncertain may have had its effect once, or not."""
    balance = Balance(accepted=len(accepted), outbox=found.outbox, held=found.held, errors=found.errors)
    balance.unaudited = sorted(name for name in accepted if not found.audit[name])
    balance.doubled += sum(count - 1 for count in found.audit.values() if count > 1)
    balance.unknown += sum(1 for name in found.audit if name not in accepted and name not in uncertain)
    _judge_uses(balance, found, accepted, uncertain, companies)
    _judge_letters(balance, found, accepted, uncertain)
    _judge_mails(balance, found, accepted, uncertain, companies)
    balance.lost_audit = len(balance.unaudited) + balance.unaudited_events
    balance.lost = balance.lost_audit + balance.lost_uses + balance.lost_mails + balance.lost_letters
    return balance


def _judge_uses(
    balance: Balance, found: Found, accepted: dict[str, Planned], uncertain: dict[str, Planned], companies: list[str]
) -> None:
    least = Counter(message.company for message in accepted.values() if message.kind == "view")
    maybe = Counter(message.company for message in uncertain.values() if message.kind == "view")
    for company in companies:
        uses = found.counters[company]
        balance.lost_uses += max(0, least[company] - uses)
        balance.doubled += max(0, uses - least[company] - maybe[company])
        balance.disagreeing += abs(uses - found.usage[company])
        for event, threshold in (("quota.warning", WARNING_AT), ("quota.exceeded", FREE_VIEWS + 1)):
            count = found.warnings[company, event]
            # By what was counted: uses that are missing are counted as lost above.
            if min(least[company], uses) >= threshold and not count:
                balance.unaudited_events += 1
                balance.notes.append(f"{event} of {company} was never audited")
            balance.doubled += max(0, count - 1)


def _judge_letters(
    balance: Balance, found: Found, accepted: dict[str, Planned], uncertain: dict[str, Planned]
) -> None:
    expected = {name for name, message in accepted.items() if message.kind == "unreadable"}
    possible = expected | {name for name, message in uncertain.items() if message.kind == "unreadable"}
    for name in expected:
        if not found.dead[name, VIEWS]:
            balance.lost_letters += 1
    for (name, queue), count in found.dead.items():
        if queue == VIEWS and name in possible:
            balance.doubled += count - 1
        else:
            balance.wrongly_dead += count
            if len(balance.notes) < 10:
                balance.notes.append(f"{name or 'a message without an id'} is dead in {queue}")


def _judge_mails(
    balance: Balance, found: Found, accepted: dict[str, Planned], uncertain: dict[str, Planned], companies: list[str]
) -> None:
    due: Counter[str] = Counter()
    views = Counter(message.company for message in accepted.values() if message.kind == "view")
    may = Counter(message.company for message in uncertain.values() if message.kind == "view")
    most: Counter[str] = Counter()
    for message in accepted.values():
        if message.kind == "user":
            due[message.address] += 1
    for message in uncertain.values():
        if message.kind == "user":
            most[message.address] += 1
    for company in companies:
        counted = min(views[company], found.counters[company])
        for threshold in (WARNING_AT, FREE_VIEWS + 1):
            due[f"{company}@example.org"] += counted >= threshold
            most[f"{company}@example.org"] += counted < threshold <= views[company] + may[company]
    recorded: Counter[str] = Counter()
    for (address, _), count in found.sent.items():
        recorded[address] += count
    for address in set(due) | set(recorded) | set(found.files):
        seen = min(recorded[address], found.files[address])
        balance.lost_mails += max(0, due[address] - seen)
        balance.doubled += max(0, max(recorded[address], found.files[address]) - due[address] - most[address])
