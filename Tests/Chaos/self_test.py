"""Shows that the ledger can fail: each kind of damage, done by SQL, is reported and nothing else."""
from __future__ import annotations

import time

from cell import Cell
from homes import Homes
from ledger import Balance
from stage import Result, Stage

# What is done, and the field of the balance that has to tell of it.
DAMAGES = (
    ("an audit row deleted",
     "DELETE FROM audit_logs WHERE message_id = '{view}'", "lost_audit"),
    ("an audit row doubled",
     "INSERT INTO audit_logs SELECT 99, hash_version, sequence, recorded_at, occurred_at, event, actor, subject,"
     " service, correlation_id, message_id, exchange, routing_key, trace_parent, previous_hash, hash, body"
     " FROM audit_logs WHERE message_id = '{other}'", "doubled"),
    ("a use counted twice in the counter", "UPDATE quotas SET overage = overage + 1 WHERE company_id = '{company}'",
     "doubled"),
    ("a use missing in the list of uses",
     "UPDATE quota_usage SET overage = overage - 1 WHERE id = (SELECT max(id) FROM quota_usage WHERE overage > 0"
     " AND company_id = '{company}')", "disagreeing"),
    ("a dead letter deleted", "DELETE FROM dead_letters WHERE message_id = '{unreadable}'", "lost_letters"),
    ("a good message dead",
     "UPDATE dead_letters SET message_id = '{view}' WHERE message_id = '{unreadable2}'", "wrongly_dead"),
    ("a mail unsent", "UPDATE notifications SET status = 'queued' WHERE address = '{address}'", "lost_mails"),
    ("an event left in the outbox",
     "INSERT INTO outbox (exchange, routing_key, properties, headers, body, not_before)"
     " VALUES ('', '', '{{}}', '[]', '', now() + interval '1 day')", "outbox"),
)


def play(homes: Homes) -> Result:
    """A small load without a fault has to balance; then each damage has to be seen."""
    begin = time.monotonic()
    quiet = Cell("ledger_self_test", "Ledger", "No fault; then each kind of damage", lambda stage: None, seconds=0)
    stage = Stage(quiet, homes.get("plain"), 400, 400)
    result = stage.play()
    if result.verdict == "ok":
        _damage(stage, result.balance)
    result.verdict = "ok" if all(check.passed for check in stage.checks) else "failed"
    result.seconds = time.monotonic() - begin
    # Its tables are spoilt.
    homes.discard()
    return result


def _damage(stage: Stage, before: Balance) -> None:
    messages = stage.load.messages
    unreadable = [message.id for message in messages if message.kind == "unreadable"]
    views = [message for message in messages if message.kind == "view"]
    words = {
        "view": views[0].id, "other": views[1].id, "company": stage.load.companies[0], "unreadable": unreadable[0],
        "unreadable2": unreadable[1], "address": next(m.address for m in messages if m.kind == "user"),
    }
    balance = before
    for title, statement, kind in DAMAGES:
        stage.sql(statement.format(**words))
        last, balance = balance, stage.ledger.balance(*stage.accounted())
        seen = getattr(balance, kind) - getattr(last, kind)
        stage.check(f"the ledger sees {title}", f"{kind} + {seen}", "at least + 1", seen >= 1)
    result = stage.home.run("audit", "verify", "--full", check=False)
    stage.check("audit verify sees the deleted row", f"exit {result.returncode}", "not 0", result.returncode != 0)

