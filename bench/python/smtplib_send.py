"""Sends mails by Python's own smtplib, over one kept session or a session for each mail.

    smtplib_send.py --port N --authority FILE --parts FILE --count N --session kept|new

Composes each by `email.message.EmailMessage` with its default policy and prints the same line of JSON as the others.
"""

import email.utils
import json
import resource
import smtplib
import ssl
import sys
import time
from email.message import EmailMessage
from pathlib import Path

from mail_parts import SENDER, Parts, address
from publishing import peak_memory_mb

HOST, USER, PASSWORD = "127.0.0.1", "bench", "bench"


def option(name: str) -> str:
    return sys.argv[sys.argv.index(f"--{name}") + 1]


def compose(parts: Parts, number: int, date: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Date"] = date
    mail["From"] = SENDER
    mail["To"] = address(number)
    mail["Subject"] = parts.subject(number)
    mail["Message-ID"] = f"<bench-{number:06d}@example.org>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(parts.text(number))
    mail.add_alternative(parts.html(number), subtype="html")
    return mail


def login(context: ssl.SSLContext, port: int) -> smtplib.SMTP:
    # With a name given, no time is spent on finding the machine's.
    session = smtplib.SMTP(HOST, port, local_hostname="localhost")
    session.starttls(context=context)
    session.login(USER, PASSWORD)
    return session


def main() -> None:
    count, port, keeps = int(option("count")), int(option("port")), option("session") == "kept"
    parts = Parts(Path(option("parts")))
    context = ssl.create_default_context(cafile=option("authority"))
    session = None
    begin, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    if keeps:
        session = login(context, port)
    for number in range(count):
        mail = compose(parts, number, email.utils.formatdate())
        if keeps:
            session.send_message(mail)
        else:
            with login(context, port) as session:
                session.send_message(mail)
    seconds, usage = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_SELF)
    if keeps:
        session.quit()
    print(json.dumps({
        "count": count,
        "sum": count * (count - 1) // 2,
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime - cpu.ru_utime - cpu.ru_stime,
        "memory_mb": peak_memory_mb(),
    }))


main()
