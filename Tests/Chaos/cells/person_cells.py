"""Forgetting one person: everybody else's rows are the same bytes before and after."""
from __future__ import annotations

import json
import re

from cell import cell
from home import wait_until
from load import Planned
from publisher import Publisher
from stage import Stage

GROUP = "People"
ANN = ("ann@example.org", "+33612345678")
# Addresses and numbers that contain Ann's, or that hers contain: none of them is hers.
NEIGHBOURS = ("joann@example.org", "ann@example.org.uk", "x.ann@example.org", "ann-marie@example.org",
              "ann@example.organic", "+336123456789", "+233612345678")
# Heads of the chains, which move with every row that anything writes, and what is sealed: whose it is can't be read.
UNREADABLE = ("audit_lanes", "audit_chain", "audit_checkpoints", "audit_subject", "audit_secrets", "inbox")


@cell(GROUP, "`audit forget` of one person among neighbours whose addresses and numbers contain hers", has_load=False)
def forget_one(stage: Stage) -> None:
    messages = _messages(stage)
    publisher = Publisher(stage.home.servers["RABBITMQ_URL"], messages, 200).start()
    stage.check("everything was accepted", publisher.wait(30), "True", publisher.is_done)
    publisher.stop()

    def is_handled() -> bool:
        audited = stage.sql(f"SELECT count(*) FROM audit_logs WHERE message_id LIKE '{stage.load.word}-%'")
        dead = stage.sql(f"SELECT count(*) FROM dead_letters WHERE message_id LIKE '{stage.load.word}-dead-%'")
        # What is no JSON is dead for the audit log as well, and in it there is no row.
        return audited == [(str(len(messages) - 1),)] and dead == [(str(len(NEIGHBOURS) + 4),)]

    wait_until("all of it is handled", 60, is_handled)
    wait_until("mails are sent", 60, lambda: not any(stage.broker.waiting()))
    # Maintenance writes rows of its own, which are nobody's.
    before = _dump(stage)
    result = stage.home.run("audit", "forget", f"{stage.load.word}-ann", "--reason", "test", "--yes")
    after = _dump(stage)
    hurt = [(table, row) for table, row in sorted(before)
            if (table, row) not in after and not _mentions_ann(stage, row)]
    stage.check("rows of others that changed", len(hurt), "= 0", not hurt)
    for table, row in hurt[:3]:
        stage.check(f"a row of {table}", row[:160], "unchanged", False)
    left = [table for table, row in after if _holds_her(row)]
    stage.check("rows that still hold her address or number", len(left), "= 0", not left)
    said = result.stdout + result.stderr
    stage.check("it tells own rows from mentions", said.strip()[-200:], "counts of both", "mention" in said.lower())


def _messages(stage: Stage) -> list[Planned]:
    word = stage.load.word
    planned = []
    people = [(f"{word}-ann", *ANN)] + [
        (f"{word}-other-{number}", value if "@" in value else f"other{number}@example.net",
         value if "+" in value else f"+4470000000{number}")
        for number, value in enumerate(NEIGHBOURS)
    ]
    for person, address, phone in people:
        body = {"userId": person, "email": address, "phone": phone, "name": person}
        planned.append(Planned(f"{person}-created", "user", "user.created", json.dumps(body).encode()))
    # Letters without a company: each mentions one neighbour; some Ann herself, one beside a neighbour, one is no JSON.
    for number, value in enumerate(NEIGHBOURS):
        body = {"note": f"call {value} today"}
        planned.append(Planned(f"{word}-dead-{number}", "dead", "profile.viewed", json.dumps(body).encode()))
    texts = [json.dumps({"email": ANN[0]}), f"not JSON, for {NEIGHBOURS[0]}",
             json.dumps({"note": f"{ANN[0]}, {NEIGHBOURS[0]}"})]
    for number, text in enumerate(texts):
        planned.append(Planned(f"{word}-dead-x{number}", "dead", "profile.viewed", text.encode()))
    return planned


def _dump(stage: Stage) -> set[tuple[str, str]]:
    """Every row of every table as text, with bytes that are text shown as such."""
    rows: set[tuple[str, str]] = set()
    with stage.home.database(60) as session:
        tables = [str(name) for name, in session.query(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
        for table in tables:
            if table.startswith(UNREADABLE):
                continue
            for text, in session.query(f"SELECT encode(convert_to(t::text, 'UTF8'), 'escape') FROM {table} AS t"):
                rows.add((table, _readable(text or "")))
    return rows


def _readable(text: str) -> str:
    """Bytea is written in hexadecimal: what of it is text is shown as text."""
    def decoded(match: re.Match[str]) -> str:
        try:
            return bytes.fromhex(match.group(1)).decode()
        except (ValueError, UnicodeDecodeError):
            return match.group()

    return re.sub(r"\\+x([0-9a-f]{8,})", decoded, text)


def _holds_her(row: str) -> bool:
    edge = r"[\w.+@-]"
    return any(re.search(rf"(?<!{edge}){re.escape(value)}(?!{edge})", row) for value in ANN)


def _mentions_ann(stage: Stage, row: str) -> bool:
    return _holds_her(row) or re.search(rf"{stage.load.word}-ann\b", row) is not None
