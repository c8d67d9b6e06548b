"""The delay ladder: retries of others keep their time, whatever happens to one target."""
from __future__ import annotations

import json
from datetime import datetime
from types import TracebackType

from cell import Rules, cell
from home import wait_until
from ledger import WorkerLog
from load import Planned
from publisher import Publisher
from stage import Stage

GROUP = "Delay ladder"
# The messages of these cells are made to fail; on a slow machine some do so a third time before the fault.
MEANT = Rules(attempts=2_000, done=120, dead=("postgres",))
TARGET = "subscription.token.purchased"

SWITCH = """
CREATE SCHEMA IF NOT EXISTS chaos;
CREATE TABLE IF NOT EXISTS chaos.failing (word text PRIMARY KEY);
CREATE OR REPLACE FUNCTION chaos.fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM chaos.failing WHERE to_jsonb(NEW)::text LIKE '%' || word || '%') THEN
        RAISE EXCEPTION 'made to fail';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER chaos_fail BEFORE INSERT OR UPDATE ON token_accounts
    FOR EACH ROW EXECUTE FUNCTION chaos.fail();
CREATE OR REPLACE TRIGGER chaos_fail BEFORE INSERT OR UPDATE ON recipients
    FOR EACH ROW EXECUTE FUNCTION chaos.fail();
"""


class Failing:
    """Messages whose effects the database refuses until the end of the `with`: each fails, waits and is tried again.

    `target` are purchases of tokens, of the queue that something happens to; otherwise changes of users, of another.
    """

    def __init__(self, stage: Stage, count: int, target: bool = True) -> None:
        self._stage, self._isTarget = stage, target
        self.word = ("target" if target else "other") + stage.load.word[6:]
        self.messages = [self._message(number) for number in range(count)]
        self._publishers: list[Publisher] = []
        self._log = WorkerLog(stage.home.logs / "worker.log")
        self._isFailing = False

    def _message(self, number: int) -> Planned:
        name = f"{self.word}-{number:04d}"
        if self._isTarget:
            body: dict[str, object] = {"companyId": name, "amount": 1, "purchaseId": name}
            return Planned(name, "tokens", "token.purchased", json.dumps(body).encode())
        body = {"userId": name, "email": f"{name}@example.org"}
        return Planned(name, "user", "user.updated", json.dumps(body).encode())

    def __enter__(self) -> Failing:
        self._stage.sql(f"{SWITCH} INSERT INTO chaos.failing VALUES ('{self.word}') ON CONFLICT DO NOTHING")
        self._isFailing = True
        self._publish(self.messages)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.let_succeed()

    def let_succeed(self) -> None:
        if self._isFailing:
            self._stage.sql(f"DELETE FROM chaos.failing WHERE word = '{self.word}'")
            self._isFailing = False

    def _publish(self, messages: list[Planned]) -> None:
        if messages:
            url = self._stage.home.servers["RABBITMQ_URL"]
            self._publishers.append(Publisher(url, messages, 2000).start())

    def publish_more(self, count: int) -> None:
        more = [self._message(len(self.messages) + number) for number in range(count)]
        self.messages += more
        self._publish(more)

    def failures(self) -> dict[tuple[str, int], tuple[float, float]]:
        """(message, attempt) to when it failed and how long it was to wait, in seconds."""
        found = {}
        for line in self._log.failures():
            name = str(line.get("message_id", ""))
            if name.startswith(self.word):
                moment = datetime.fromisoformat(str(line["timestamp"]).replace("Z", "+00:00")).timestamp()
                found[name, int(str(line["attempt"]))] = moment, float(str(line["delay_ms"])) / 1000
        return found

    def wait_for_attempts(self, count: int, attempt: int = 1, seconds: float = 60) -> bool:
        """Whether so many have failed for the `attempt`th time."""
        try:
            wait_until("they fail", seconds,
                       lambda: sum(number == attempt for _, number in self.failures()) >= count)
        except TimeoutError:
            return False
        return True

    def lateness(self) -> list[float]:
        """How much later than planned each second attempt failed, in seconds, ascending."""
        failures = self.failures()
        return sorted(
            failures[name, 2][0] - moment - delay
            for (name, attempt), (moment, delay) in failures.items() if attempt == 1 and (name, 2) in failures
        )

    def expect_done(self, seconds: float = 90) -> None:
        """Each has its one effect, or one dead letter, within the time."""
        table, column = ("token_ledger", "company_id") if self._isTarget else ("recipients", "key")
        sql = f"""
            SELECT count(*), count(DISTINCT name) FROM (
                SELECT {column} AS name FROM {table} WHERE {column} LIKE '%{self.word}-%'
                UNION ALL SELECT message_id FROM dead_letters WHERE message_id LIKE '{self.word}-%' AND state = 'dead'
            ) AS ends
            """
        rows = ("", "")

        def are_done() -> bool:
            nonlocal rows
            rows = tuple(self._stage.sql(sql)[0])  # type: ignore[assignment]
            return rows == (str(len(self.messages)),) * 2

        try:
            wait_until("they are done", seconds, are_done, every=0.5)
        except TimeoutError:
            pass
        for publisher in self._publishers:
            publisher.stop()
        self._stage.check(
            f"effects of {len(self.messages)} that failed at first ({'target' if self._isTarget else 'others'})",
            f"{rows[0]} rows of {rows[1]}", f"one each, within {seconds:.0f} s", rows == (str(len(self.messages)),) * 2,
        )


def _expect_punctual(stage: Stage, others: Failing) -> None:
    """20 retries of another queue come back when they are due."""
    others.wait_for_attempts(20, attempt=2, seconds=30)
    late = others.lateness()
    stage.check("retries of others that came back", len(late), "= 20", len(late) == 20)
    p99 = late[int(len(late) * 0.99)] if late else 30.0
    stage.check("their lateness (p99), s", round(p99, 2), "<= 0.5", p99 <= 0.5)


@cell(GROUP, "300 retries wait for a queue that is deleted; 20 retries of another queue", seconds=12, share=0.25,
      rules=MEANT)
def ladder_target_deleted(stage: Stage) -> None:
    with Failing(stage, 300) as failing:
        # After the second attempt they wait for 4 s: nearly all are in the ladder at once.
        failing.wait_for_attempts(270, attempt=2)
        failing.let_succeed()
        stage.broker.delete_queue(TARGET)
    with Failing(stage, 20, target=False) as others:
        _expect_punctual(stage, others)
    others.expect_done(60)
    failing.expect_done(90)


@cell(GROUP, "300 retries wait for a queue that is full, whose limit is raised then; 20 retries of another queue",
      seconds=16, share=0.25, rules=MEANT)
def ladder_target_full(stage: Stage) -> None:
    with Failing(stage, 300) as failing:
        failing.wait_for_attempts(270, attempt=2)
        failing.let_succeed()
        # Its worker lacks a table, so the queue is held and fills.
        stage.sql("ALTER TABLE token_ledger RENAME TO token_ledger_away")
        try:
            stage.broker.set_policy("chaos", f"^{TARGET}$", {"max-length": 5, "overflow": "reject-publish"})
            failing.publish_more(150)
            with Failing(stage, 20, target=False) as others:
                _expect_punctual(stage, others)
        finally:
            stage.sql("ALTER TABLE token_ledger_away RENAME TO token_ledger")
            # As docs/02-queues.md says: RabbitMQ 3.10 does not tell its own publishers when a limit is taken away.
            stage.broker.set_policy("chaos", f"^{TARGET}$", {"max-length": 1_000_000, "overflow": "reject-publish"})
    others.expect_done(60)
    failing.expect_done(120)
    stage.broker.clear_policy("chaos")
