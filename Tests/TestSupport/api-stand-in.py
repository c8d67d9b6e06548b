"""Stands in for the mail API (SendGrid's shape) and the SMS API (Twilio's shape), and is strict about requests.

    api-stand-in.py FOLDER [PORT]

Writes its port to FOLDER/port, and each accepted request to FOLDER/requests/NNNNNN.json. What it does not like about a
request is answered with status 418 and said in FOLDER/complaints. FOLDER/answer, where it is, holds
`{"status": 429, "headers": {…}, "body": {…}}` for every request that sends something, or `{"hang": true}`; with
`"only": "text"` it is for requests that have the text in them.
A PUT is a store's with S3's interface: its signature (AWS, version 4) is computed again, with the secret `store secret`.
FOLDER/connections holds the number of connections so far. It ends when its standard input does.
"""
import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
os.makedirs(folder + "/requests", exist_ok=True)
os.chdir(folder)
lock = threading.Lock()
counts = {"requests": 0, "connections": 0}


def write(name, text):
    with open(name + ".new", "w") as file:
        file.write(text)
    os.rename(name + ".new", name)


class Complaint(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Complaint(what)


def only(value, allowed, needed, where):
    need(isinstance(value, dict), where + " is no object")
    need(set(value) <= set(allowed), "%s has %s" % (where, sorted(set(value) - set(allowed))))
    need(set(needed) <= set(value), "%s lacks %s" % (where, sorted(set(needed) - set(value))))


def mailbox(value, where):
    only(value, ["email", "name"], ["email"], where)
    need(all(isinstance(part, str) and part for part in value.values()), where + " is no mailbox")


def check_mail(handler, body):
    need(handler.headers["Content-Type"] == "application/json", "content type")
    mail = json.loads(body)
    only(mail, ["personalizations", "from", "reply_to", "subject", "content", "attachments", "headers", "custom_args"],
         ["personalizations", "from", "subject", "content"], "mail")
    need(len(mail["personalizations"]) == 1, "personalizations")
    only(mail["personalizations"][0], ["to"], ["to"], "personalization")
    for to in mail["personalizations"][0]["to"]:
        mailbox(to, "to")
    mailbox(mail["from"], "from")
    if "reply_to" in mail:
        mailbox(mail["reply_to"], "reply_to")
    need(isinstance(mail["subject"], str) and mail["subject"], "subject")
    kinds = [content["type"] for content in mail["content"]]
    need(kinds in (["text/plain"], ["text/plain", "text/html"]), "content in the wrong order: %s" % kinds)
    for content in mail["content"]:
        only(content, ["type", "value"], ["type", "value"], "content")
    for attachment in mail.get("attachments", []):
        only(attachment, ["content", "type", "filename", "disposition"], ["content", "filename"], "attachment")
        base64.b64decode(attachment["content"], validate=True)
    for values in (mail.get("headers", {}), mail.get("custom_args", {})):
        need(all(isinstance(value, str) for value in values.values()), "a value that is no string")
    forbidden = {"to", "from", "subject", "reply-to", "cc", "bcc", "content-type", "received", "dkim-signature"}
    need(not forbidden & {name.lower() for name in mail.get("headers", {})}, "a header that is not allowed")
    return mail


def check_sms(handler, body):
    need(handler.headers["Content-Type"] == "application/x-www-form-urlencoded", "content type")
    fields = urllib.parse.parse_qs(body.decode("ascii"), strict_parsing=True, keep_blank_values=True)
    need(set(fields) == {"To", "From", "Body"}, "fields %s" % sorted(fields))
    need(all(len(values) == 1 for values in fields.values()), "a field twice")
    return {name: values[0] for name, values in fields.items()}


def check_signature(handler, body):
    """AWS Signature Version 4, by its documentation."""
    kind, _, rest = handler.headers["Authorization"].partition(" ")
    need(kind == "AWS4-HMAC-SHA256", "kind of authorization")
    fields = dict(field.strip().split("=", 1) for field in rest.split(","))
    names = fields["SignedHeaders"].split(";")
    need({"host", "x-amz-date", "x-amz-content-sha256"} <= set(names), "headers that are not signed")
    need(handler.headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest(), "digest of the body")
    path, _, query = handler.path.partition("?")
    canonical = "\n".join(
        [handler.command, path, query]
        + ["%s:%s" % (name, handler.headers[name].strip()) for name in names]
        + ["", fields["SignedHeaders"], handler.headers["x-amz-content-sha256"]])
    scope = fields["Credential"].split("/", 1)[1]
    text = "\n".join([kind, handler.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4store secret"
    for word in scope.split("/"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    need(hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == fields["Signature"], "signature")
    need(fields["Credential"].startswith("key-id/"), "key id")
    return {"path": handler.path, "type": handler.headers["Content-Type"], "body": body.hex()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        with lock:
            counts["connections"] += 1
            write("connections", str(counts["connections"]))

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=None, headers=()):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def scripted(self, body):
        if not os.path.exists("answer"):
            return None
        scripted = json.load(open("answer"))
        return scripted if scripted.get("only", "").encode() in body else None

    def authorized(self):
        given = self.headers.get("Authorization", "")
        if self.path.startswith("/v3/"):
            return given == "Bearer mail-key"
        return given == "Basic " + base64.b64encode(b"AC123:sms-token").decode()

    def do_GET(self):
        if self.path not in ("/v3/scopes", "/2010-04-01/Accounts/AC123.json"):
            return self.answer(404, {})
        scripted = self.scripted(b"")
        if scripted and scripted.get("status", 500) >= 500:
            return self.answer(scripted.get("status", 500), {})
        return self.answer(200 if self.authorized() else 401, {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            scripted = self.scripted(body)
            if scripted:
                if scripted.get("hang"):
                    time.sleep(60)
                    return
                return self.answer(scripted["status"], scripted.get("body"), scripted.get("headers", {}).items())
            if not self.authorized():
                return self.answer(401, {"errors": [{"message": "authorization required", "field": None}]})
            if self.path == "/v3/mail/send":
                self.accept(check_mail(self, body), 202, lambda n: (None, [("X-Message-Id", "mail-%d" % n)]))
            elif self.path == "/2010-04-01/Accounts/AC123/Messages.json":
                self.accept(check_sms(self, body), 201, lambda n: ({"sid": "SM%d" % n, "status": "queued"}, []))
            else:
                raise Complaint("path " + self.path)
        except Exception as problem:
            with lock, open("complaints", "a") as complaints:
                complaints.write("%r\n" % problem)
            self.answer(418, {"errors": [{"message": str(problem), "field": None}]})

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.accept(check_signature(self, body), 200, lambda n: (None, []))
        except Exception as problem:
            self.answer(418, {"problem": repr(problem)})

    def accept(self, content, status, make):
        with lock:
            counts["requests"] += 1
            number = counts["requests"]
            write("requests/%06d.json" % number, json.dumps(content))
        body, headers = make(number)
        self.answer(status, body, headers)


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
write("port", str(server.server_address[1]))


def live():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=live, daemon=True).start()
server.serve_forever()
