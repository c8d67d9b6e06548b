"""Reads one mail from standard input as a strict parser, and writes what it holds as JSON."""
import email
import email.policy
import email.utils
import json
import sys
from email.header import decode_header, make_header

raw = sys.stdin.buffer.read()
mail = email.message_from_bytes(raw, policy=email.policy.default.clone(raise_on_defect=True))
old = email.message_from_bytes(raw)
lines = raw.split(b"\r\n")
parts = list(mail.walk())


# The package's newer parser keeps the blanks between encoded words of a display name before version 3.13.
def box(header):
    boxes = email.utils.getaddresses([old[header]])
    return [{"name": str(make_header(decode_header(name))), "address": address} for name, address in boxes]


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
    "from": box("from"),
    "to": box("to"),
    "replyTo": box("reply-to") if mail["reply-to"] else [],
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
