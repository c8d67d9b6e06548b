"""Reads one mail from standard input as a strict parser, and writes what it holds as JSON."""
import email
import email.policy
import json
import sys

raw = sys.stdin.buffer.read()
mail = email.message_from_bytes(raw, policy=email.policy.default.clone(raise_on_defect=True))
lines = raw.split(b"\r\n")
parts = list(mail.walk())


def box(header):
    addresses = header.addresses
    return [{"name": address.display_name, "address": address.addr_spec} for address in addresses]


def text(kind):
    body = mail.get_body(preferencelist=(kind,))
    return None if body is None else body.get_content().replace("\r\n", "\n")


print(json.dumps({
    "defects": [repr(defect) for part in parts for defect in part.defects]
    + [repr(defect) for part in parts for _, value in part.items() for defect in getattr(value, "defects", [])],
    "isASCII": all(byte < 0x80 for byte in raw),
    "bareLineEnds": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r"),
    "longestLine": max(map(len, lines)),
    "longestWord": max((len(word) for line in lines for word in line.split() if word.startswith(b"=?")), default=0),
    "structure": [part.get_content_type() for part in parts],
    "subject": mail["subject"],
    "from": box(mail["from"]),
    "to": box(mail["to"]),
    "replyTo": box(mail["reply-to"]) if mail["reply-to"] else [],
    "date": mail["date"].datetime.timestamp(),
    "messageID": mail["message-id"],
    "headers": {name.lower(): str(value) for name, value in mail.items()},
    "text": text("plain"),
    "html": text("html"),
    "attachments": [
        {"fileName": part.get_filename(), "contentType": part.get_content_type(),
         "hex": part.get_payload(decode=True).hex()}
        for part in mail.iter_attachments()
    ] if mail.is_multipart() else [],
}))
