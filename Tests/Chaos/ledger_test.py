"""The rules of the ledger and the faults of the proxy, without a server."""
from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import time
import unittest
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from ledger import VIEWS, Found, judge  # noqa: E402
from load import Load, Planned  # noqa: E402
from proxy import Proxy  # noqa: E402
from worker_log import WorkerLog  # noqa: E402

WHOLE = Load(400)


def found_of(messages: list[Planned]) -> Found:
    """What servers hold that have done everything right."""
    found = Found()
    for message in messages:
        found.audit[message.id] += 1
        if message.kind == "view":
            found.counters[message.company] += 1
            found.usage[message.company] += 1
        elif message.kind == "unreadable":
            found.dead[message.id, VIEWS] += 1
        elif message.kind == "user":
            found.sent[message.address, "user_welcome"] += 1
            found.files[message.address] += 1
    for company, uses in list(found.counters.items()):
        for event, threshold in (("quota.warning", 80), ("quota.exceeded", 101)):
            if uses >= threshold:
                found.warnings[company, event] += 1
                found.sent[f"{company}@example.org", event] += 1
                found.files[f"{company}@example.org"] += 1
    return found


class WorkerLogTests(unittest.TestCase):
    def setUp(self) -> None:
        handle, name = tempfile.mkstemp()
        os.close(handle)
        self.path = Path(name)
        self.addCleanup(self.path.unlink)

    def test_each_failure_counts_and_nothing_else(self) -> None:
        self.path.write_text(
            '{"message":"failed; will be tried again","error_type":"a","attempt":1}\nno JSON\n'
            '{"message":"failed; will be tried again","error_type":"a","attempt":2}\n{"message":"dead-lettered"}\n'
        )
        self.assertEqual(WorkerLog(self.path, from_start=True).attempts(), {"a": 2})

    def test_lines_that_were_counted_instead_of_written_are_an_error(self) -> None:
        self.path.write_text('{"message":"failed; will be tried again (repeated 312 times in 10 s)","repeated":312}\n')
        with self.assertRaises(RuntimeError):
            WorkerLog(self.path, from_start=True).attempts()


class JudgeTests(unittest.TestCase):
    def setUp(self) -> None:
        self.found = found_of(WHOLE.messages)
        self.accepted = {message.id: message for message in WHOLE.messages}
        self.view = next(message for message in WHOLE.messages if message.kind == "view")

    def balance(self, uncertain: dict[str, Planned] | None = None):
        return judge(self.found, self.accepted, uncertain or {}, WHOLE.companies)

    def test_what_is_whole_balances(self) -> None:
        balance = self.balance()
        self.assertEqual((balance.lost, balance.doubled, balance.wrongly_dead, balance.disagreeing, balance.unknown),
                         (0, 0, 0, 0, 0), balance.notes)

    def test_what_expired_before_it_was_counted_makes_no_warning_due(self) -> None:
        company = self.view.company
        del self.found.counters[company], self.found.usage[company]
        for event in ("quota.warning", "quota.exceeded"):
            self.found.warnings.pop((company, event), None)
            self.found.sent.pop((f"{company}@example.org", event), None)
        self.found.files.pop(f"{company}@example.org", None)
        balance = self.balance()
        views = sum(message.company == company for message in WHOLE.messages if message.kind == "view")
        self.assertEqual((balance.lost, balance.lost_uses, balance.doubled), (views, views, 0), balance.notes)

    def test_a_missing_audit_row_is_a_loss(self) -> None:
        del self.found.audit[self.view.id]
        self.assertEqual((self.balance().lost, self.balance().unaudited), (1, [self.view.id]))

    def test_a_second_audit_row_is_a_double(self) -> None:
        self.found.audit[self.view.id] += 1
        self.assertEqual(self.balance().doubled, 1)

    def test_a_use_too_few_is_a_loss_and_one_too_many_a_double(self) -> None:
        self.found.counters[WHOLE.companies[0]] -= 1
        self.found.counters[WHOLE.companies[1]] += 1
        balance = self.balance()
        self.assertEqual((balance.lost_uses, balance.doubled, balance.disagreeing), (1, 1, 2))

    def test_a_letter_of_a_good_message_is_wrong_and_a_missing_one_a_loss(self) -> None:
        name = next(name for name, _ in self.found.dead)
        del self.found.dead[name, VIEWS]
        self.found.dead[self.view.id, "audit.all"] += 1
        balance = self.balance()
        self.assertEqual((balance.lost_letters, balance.wrongly_dead), (1, 1))

    def test_a_mail_that_only_the_record_knows_is_a_loss_and_a_second_record_a_double(self) -> None:
        first, second = [message.address for message in WHOLE.messages if message.kind == "user"][:2]
        del self.found.files[first]
        self.found.sent[second, "user_welcome"] += 1
        balance = self.balance()
        self.assertEqual((balance.lost_mails, balance.doubled), (1, 1))

    def test_a_warning_that_never_came_is_a_loss(self) -> None:
        del self.found.warnings[WHOLE.companies[0], "quota.warning"]
        self.assertEqual(self.balance().lost, 1)

    def test_what_was_never_confirmed_may_be_there_once_or_not(self) -> None:
        del self.accepted[self.view.id]
        uncertain = {self.view.id: self.view}
        self.assertEqual((self.balance(uncertain).lost, self.balance(uncertain).doubled), (0, 0))
        self.found.audit[self.view.id] += 1
        self.assertEqual(self.balance(uncertain).doubled, 1)

    def test_a_row_that_nobody_published_is_unknown(self) -> None:
        self.found.audit["somebody"] += 1
        self.assertEqual(self.balance().unknown, 1)


class ProxyTests(unittest.TestCase):
    def setUp(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.echo = threading.Thread(target=self._echo, daemon=True)
        self.echo.start()
        self.proxy = Proxy(("127.0.0.1", self.server.getsockname()[1]))
        self.client = self._connect()

    def tearDown(self) -> None:
        self.client.close()
        self.proxy.close()
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.echo.join(5)

    def _echo(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    @staticmethod
    def _answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while data := connection.recv(4096):
                connection.sendall(data)

    def _connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.proxy.port))
        client.settimeout(5)
        self.assertEqual(self._ask(client), b"hello")
        return client

    @staticmethod
    def _ask(client: socket.socket) -> bytes:
        client.sendall(b"hello")
        answer = b""
        while len(answer) < 5:
            answer += client.recv(5)
        return answer

    def test_a_cut_is_a_reset(self) -> None:
        self.assertEqual(self.proxy.cut(), 1)
        with self.assertRaises(ConnectionResetError):
            while self.client.recv(10):
                pass

    def test_what_is_frozen_goes_on_afterwards(self) -> None:
        self.proxy.frozen = True
        self.client.settimeout(0.3)
        self.client.sendall(b"hello")
        with self.assertRaises(TimeoutError):
            self.client.recv(5)
        self.proxy.heal()
        self.client.settimeout(5)
        self.assertEqual(self.client.recv(5), b"hello")

    def test_half_open_connections_stay_dead_and_new_ones_work(self) -> None:
        self.assertEqual(self.proxy.half_open(), 1)
        self.client.settimeout(0.3)
        self.client.sendall(b"hello")
        with self.assertRaises(TimeoutError):
            self.client.recv(5)
        self._connect().close()

    def test_latency_holds_each_way_and_slices_lose_nothing(self) -> None:
        self.proxy.latency, self.proxy.slice = 0.1, 1
        begin = time.monotonic()
        self.assertEqual(self._ask(self.client), b"hello")
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)


if __name__ == "__main__":
    unittest.main()
