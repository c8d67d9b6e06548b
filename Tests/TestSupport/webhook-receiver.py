"""Stands in for a receiver of webhooks.

    webhook-receiver.py FOLDER [PORT]

Writes its port to FOLDER/port, and each request to FOLDER/requests/NNNNNN.json: path, headers, and the body in base64.
What it answers is in the path: /status/503, /retry-after/30 (a 503), /redirect/URL, /hang, /hang/N (the first N
requests), /drip (a body that never ends), /long/BYTES, /flaky/N (the first N requests get 500), /garble/N (no HTTP), /echo (200 with the body
back); anything else gets 204.
FOLDER/connections holds the number of connections so far. It ends when its standard input does.
"""
import base64
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
os.makedirs(folder + "/requests", exist_ok=True)
os.chdir(folder)
lock = threading.Lock()
counts = {"requests": 0, "connections": 0}
seen = {}


def write(name, text):
    with open(name + ".new", "w") as file:
        file.write(text)
    os.rename(name + ".new", name)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        with lock:
            counts["connections"] += 1
            write("connections", str(counts["connections"]))

    def log_message(self, *arguments):
        pass

    def answer(self, status, data=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.keep(b"")
        self.answer(200)

    def keep(self, body):
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = {"method": self.command, "path": self.path, "headers": headers, "at": time.time(),
                   "body": base64.b64encode(body).decode()}
        with lock:
            counts["requests"] += 1
            seen[self.path] = seen.get(self.path, 0) + 1
            write("requests/%06d.json" % counts["requests"], json.dumps(request))
            return seen[self.path]

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number = self.keep(body)
        word, _, rest = self.path.lstrip("/").partition("/")
        first = rest.partition("/")[0]
        if word == "status":
            self.answer(int(rest), b"the answer")
        elif word == "retry-after":
            self.answer(503, headers=[("Retry-After", rest)])
        elif word == "redirect":
            self.answer(302, headers=[("Location", rest)])
        elif word == "hang" and number <= int(first or "1000000"):
            time.sleep(120)
        elif word == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while True:
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.2)
        elif word == "long":
            self.answer(200, b"x" * int(rest))
        elif word == "flaky":
            self.answer(500 if number <= int(first) else 200)
        elif word == "garble" and number <= int(first):
            self.wfile.write(b"SSH-2.0-x\r\n")
            self.close_connection = True
        elif word == "echo":
            self.answer(200, body)
        else:
            self.answer(204)


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
server.daemon_threads = True
write("port", str(server.server_address[1]))


def live():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=live, daemon=True).start()
server.serve_forever()
