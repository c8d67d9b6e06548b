"""Stands in for an auth service: verifies tokens, introspects them (RFC 7662), knows users, publishes keys.

    auth-service.py FOLDER [PORT]

Writes its port to FOLDER/port, and the number of requests so far to FOLDER/requests; each path with its Authorization goes
to FOLDER/log. `good-ID` is the token of the agent ID, everything else is none. It knows the users u1 to u999.
FOLDER/keys, where it is, is what /keys answers. FOLDER/answer, where it is, holds `{"status": 503, "headers": {…},
"body": …}` for every request, with `"raw"` text or a `"size"` in place of the body, or `{"hang": true}`.
It ends when its standard input does.
"""
import base64
import json
import os
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
lock = threading.Lock()
counts = {"requests": 0}


def write(name, text):
    with open(name + ".new", "w") as file:
        file.write(text)
    os.rename(name + ".new", name)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self):
        with lock:
            counts["requests"] += 1
            write("requests", str(counts["requests"]))
            with open("log", "a") as log:
                log.write("%s %s %s\n" % (self.command, self.path, self.headers.get("Authorization", "-")))
        if not os.path.exists("answer"):
            return False
        scripted = json.load(open("answer"))
        if scripted.get("hang"):
            time.sleep(60)
            return True
        body = scripted.get("body", {})
        if "raw" in scripted:
            body = scripted["raw"].encode()
        if "size" in scripted:
            body = b'{"success":true,"user":{"id":"u1"},"x":"' + b"x" * scripted["size"] + b'"}'
        time.sleep(scripted.get("wait", 0))
        self.answer(scripted.get("status", 200), body, scripted.get("headers", {}).items())
        return True

    def do_GET(self):
        if self.begin():
            return
        if self.path == "/health":
            return self.answer(200, {"status": "ok"})
        if self.path == "/keys":
            return self.answer(200, open("keys", "rb").read())
        if self.path == "/api/auth/verify":
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            if kind != "Bearer" or not token.startswith("good-"):
                return self.answer(401, {"success": False, "error": "Invalid token"})
            return self.answer(200, {"success": True, "user": {"id": token[5:], "role": "agent"}})
        user = re.fullmatch(r"/api/auth/users/(u[0-9]{1,3})", self.path)
        mail = re.fullmatch(r"/api/auth/users/email/(u[0-9]{1,3})%40example\.com", self.path)
        found = user or mail
        if not found:
            return self.answer(404, {"success": False, "error": "User not found"})
        name = found.group(1)
        self.answer(200, {"success": True, "user": {
            "id": name, "email": name + "@example.com", "firstName": "User", "lastName": name[1:], "role": "admin",
            "language": "fr"}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.begin():
            return
        given = self.headers.get("Authorization", "")
        if given != "Basic " + base64.b64encode(b"flotilla:client secret").decode():
            return self.answer(401, {"error": "invalid_client"})
        fields = urllib.parse.parse_qs(body.decode("ascii"), strict_parsing=True)
        token = fields["token"][0]
        if self.path != "/oauth2/introspect" or not token.startswith("good-"):
            return self.answer(200, {"active": False})
        self.answer(200, {"active": True, "sub": token[5:], "scope": "read openid", "exp": int(time.time()) + 30})


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
write("port", str(server.server_address[1]))


def live():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=live, daemon=True).start()
server.serve_forever()
