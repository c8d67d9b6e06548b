"""Mails through one mail server: the fleet's provider next to Python's smtplib, STARTTLS and AUTH on both sides."""

import email
import email.utils
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import default
from pathlib import Path
from typing import ClassVar

from harness import program
from harness.contenders import Bench, Contender, Setting, faults
from mail_parts import ADDRESS, MARK, NAME, Parts, address

MAILS, KEPT = 2_000, 50
USER = PASSWORD = "bench"
TEMPLATE, LANGUAGE = "ticket_generated", "fr"
DATA = {
    "event_title": "Tech Conference 2026",
    "ticket_url": f"https://app.example.com/tickets/{MARK}",
    "guest_name": "Zoé Dupont",
    "ticket_code": f"TKT-{MARK}",
    "ticket_type": "Standard",
    "event_date": "2026-06-15T09:00:00Z",
    "event_location": "Palais des congrès, Montréal",
}


@dataclass(frozen=True)
class Server:
    """The sink while it runs; what it has counted is there once it has ended."""

    port: int
    authority: Path
    kept: Path
    counted: dict = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"smtp://{USER}:{PASSWORD}@127.0.0.1:{self.port}"


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A server that checks and counts mails, with a certificate of its own."""
    certificate, key, kept = folder / "mail-certificate.pem", folder / "mail-key.pem", folder / "mails"
    if not certificate.exists():
        _make_certificate(certificate, key)
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    command = [folder / "mail_sink", "--certificate", certificate, "--key", key, "--user", USER, "--password", PASSWORD]
    command += ["--keep", kept, "--every", str(KEPT)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        sink = Server(int(process.stdout.readline()), certificate, kept)
        yield sink
        # Its standard input ends here, and so does it.
        output, complaint = process.communicate(timeout=10)
        sink.counted.update(json.loads(output), complaint=complaint.strip())
    finally:
        process.kill()
        process.wait()


def _make_certificate(certificate: Path, key: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=flotilla bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)


def parts(bench: Bench) -> Path:
    """The mail's parts, rendered once from the template that the fleet ships."""
    path = bench.binaries / "mail-parts.json"
    if not path.exists():
        command = [bench.flotilla, "notification", "preview", TEMPLATE, "--lang", LANGUAGE, "--data", json.dumps(DATA)]
        root = Path(__file__).resolve().parent.parent.parent
        done = subprocess.run([*command, "--output", "json"], cwd=root, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"flotilla notification preview: {done.stderr[-2000:]}")
        path.write_text(done.stdout)
    return path


def ledger(sink: Server, parts_: Parts, count: int, sessions: range) -> str:
    """What is wrong with what the server got, as one line: each mail once, whole, encrypted and authenticated."""
    counted = sink.counted
    wrong = faults(counted["mails"], counted["sum"], count, distinct=(counted["distinct"], count), refusals=(counted["faults"], 0))
    found = [wrong] if wrong else []
    if counted["complaint"]:
        found.append(counted["complaint"].splitlines()[0])
    if counted["sessions"] not in sessions or not counted["sessions"] == counted["handshakes"] == counted["logins"]:
        found.append(f"{counted['sessions']} sessions, {counted['handshakes']} encrypted, {counted['logins']} authenticated")
    if counted["smallest"] != counted["largest"]:
        found.append(f"mails of {counted['smallest']} to {counted['largest']} bytes, where all are of one length")
    kept = sorted(sink.kept.iterdir())
    if len(kept) != len(range(0, count, KEPT)):
        found.append(f"{len(kept)} mails kept")
    found += [f"mail {path.stem}: {problem}" for path in kept if (problem := unlike(path, parts_))]
    return "; ".join(found)


def unlike(path: Path, parts_: Parts) -> str:
    """What the mail says otherwise than it should, as its reader's program reads it."""
    number = int(path.stem)
    mail = email.message_from_bytes(path.read_bytes(), policy=default)
    addresses = [(part.display_name, part.addr_spec) for name in ("From", "To") for part in mail[name].addresses]
    recipient = email.utils.parseaddr(address(number))
    read = {
        "From and To": (addresses, [(NAME, ADDRESS), recipient]),
        "Subject": (mail["Subject"], parts_.subject(number)),
        "Message-ID": (mail["Message-ID"], f"<bench-{number:06d}@example.org>"),
        "type": (mail.get_content_type(), "multipart/alternative"),
        "text": (_lines(mail.get_body(("plain",)).get_content()), _lines(parts_.text(number))),
        "HTML": (_lines(mail.get_body(("html",)).get_content()), _lines(parts_.html(number))),
    }
    return ", ".join(name for name, (found, wanted) in read.items() if found != wanted)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").rstrip("\n").split("\n")


@dataclass(frozen=True)
class MailProgram(Contender):
    """A program that sends `count` mails to the sink; the setting's concurrency is its number of sessions, 0 one for each mail."""

    uses_services: ClassVar[bool] = False

    def measure(self, bench, queue, setting, count):
        source = parts(bench)
        with server(bench.binaries) as sink:
            common = ["--authority", sink.authority, "--parts", source, "--count", count]
            if setting.pool == "smtplib":
                command = [sys.executable, Path(__file__).parent.parent / "python/smtplib_send.py", "--port", sink.port, *common]
                command += ["--session", "kept" if setting.concurrency else "new"]
            else:
                command = [bench.swift, "mail", "--url", sink.url, "--sessions", setting.concurrency, *common]
            report = program.run([str(part) for part in command])
        sessions = range(1, setting.concurrency + 1) if setting.concurrency else range(count, count + 1)
        return report, "; ".join(filter(None, [faults(report.count, report.sum, count), ledger(sink, Parts(source), count, sessions)]))


def contenders() -> list[Contender]:
    return [
        MailProgram("mail", "Flotilla", MAILS, [Setting("4 sessions, kept", 1, "fleet", 4)]),
        MailProgram("mail", "Flotilla/1", MAILS, [Setting("1 session, kept", 1, "fleet", 1)]),
        MailProgram("mail", "smtplib", MAILS, [Setting("1 session, kept", 1, "smtplib", 1)]),
        MailProgram("mail", "smtplib/new", MAILS, [Setting("a session for each mail", 1, "smtplib", 0)]),
    ]
