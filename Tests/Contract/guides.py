"""Holds README.md and docs/*.md to what they show: every block between fences works as it stands when it is pasted.

- `sh`: run in order, a shell for each document, in a private fleet. 127.0.0.1:8080 is that fleet's API, `.flotilla` its home, and
  https://crm.example.com answers every request with 200. A line that fails is a problem, and so is a curl that gets a 4xx.
  Between two blocks the fleet finishes what the first one sent.
- `yaml`: part of a queue file or a plan file; the commands of its document run with it.
- `json`: parses; with an event's name behind `json` it is sent as one, and with `POST /path` as that request.
- Lines such as `POST /path   {…}` of a block without a language are sent.
- `swift`: those of a document type-check together, against the modules beside the command. `python` and `sql` run.

A block that can't be run has `no-test` in its info string, and above it `<!-- no-test: why -->`. One that makes dead letters on
purpose has `dead-letter`; all others may make none.
"""
from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from api import API, make_key
from home import REPOSITORY, Home, wait_until

# What nobody pastes into anything of ours: answers, pictures, another program's settings.
SHOWN = {"http", "erlang", "text"}
REQUEST = re.compile(r"^(?:GET|POST|PUT|DELETE) +(/\S+?) +(\{.*\})$")
EVENT = re.compile(r"[a-z_]+(\.[a-z_]+)+")

# Sourced before the lines of a document, which keep their numbers.
PROLOGUE = r"""
shopt -s expand_aliases
set -u -o pipefail
trap 'printf "%s: exit status %s: %s\n" "$LINENO" "$?" "$BASH_COMMAND" >&3' ERR
settle() {
    local _
    for _ in {1..100}; do
        [ "$("$GUIDES_BINARY" job list --state queued --output json)" = '[]' ] &&
            [ "$("$GUIDES_BINARY" job list --state running --output json)" = '[]' ] && return
        sleep 0.1
    done
    false
}
curl() { command curl --silent --show-error --fail-with-body --max-time 60 "${@//http:\/\/127.0.0.1:8080/$GUIDES_API}"; }
"""
COMMAND = """#!/usr/bin/env bash
exec "$GUIDES_BINARY" "${@//https:\\/\\/crm.example.com/$GUIDES_RECEIVER}"
"""


@dataclass
class Block:
    document: Path
    # Of its first line, from 1.
    line: int
    language: str
    marks: list[str]
    lines: list[str]
    # The last line above it that is not empty.
    above: str

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def place(self) -> str:
        return f"{self.document.relative_to(REPOSITORY)}:{self.line}"


def blocks(document: Path) -> list[Block]:
    found: list[Block] = []
    current: Block | None = None
    above = indent = ""
    for number, line in enumerate(document.read_text().splitlines(), 1):
        fence = line.lstrip().startswith("```")
        if current is None and fence:
            indent = line[: len(line) - len(line.lstrip())]
            language, *marks = line.strip().removeprefix("```").split() or [""]
            current = Block(document, number + 1, language, marks, [], above)
        elif current is not None and fence:
            found.append(current)
            current = None
        elif current is not None:
            current.lines.append(line.removeprefix(indent))
        elif line.strip():
            above = line.strip()
    return found


class Receiver(BaseHTTPRequestHandler):
    """The endpoint of webhooks."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Guides:
    def __init__(self, home: Home, receiver: str) -> None:
        self.home, self.problems, self.counts = home, [], {}
        self.folder = home.path / "guides"
        (self.folder / ".build/release").mkdir(parents=True)
        for command in (self.folder / "flotilla", self.folder / ".build/release/flotilla"):
            command.write_text(COMMAND)
            command.chmod(0o755)
        (self.folder / "prologue.sh").write_text(PROLOGUE)
        self.environment = home.environment | {
            "PATH": f"{self.folder}:{os.environ['PATH']}", "BASH_ENV": str(self.folder / "prologue.sh"),
            "GUIDES_API": f"http://127.0.0.1:{home.port}", "GUIDES_BINARY": str(home.binary), "GUIDES_RECEIVER": receiver,
        }
        self.api = API(home, make_key(home, "admin"))

    def check(self, document: Path) -> None:
        # Each document has the settings and the folder of a reader who reads no other.
        environment = dict(self.environment)
        (self.folder / document.stem).mkdir()
        shell: list[Block] = []
        rest: list[Block] = []
        for block in blocks(document):
            if "no-test" in block.marks:
                if not block.above.startswith("<!-- no-test: "):
                    self.fail(block, "no-test without a comment above that says why")
                continue
            self.counts[block.language] = self.counts.get(block.language, 0) + 1
            if block.language == "yaml":
                self.settings(block, environment)
            else:
                (shell if block.language == "sh" else rest).append(block)
        if shell:
            self.run(document, shell, environment)
        self.swift([block for block in rest if block.language == "swift"])
        for block in rest:
            match block.language:
                case "json": self.json(block)
                case "sql": self.sql(block)
                case "python": self.python(block)
                case "swift": pass  # All at once, above.
                case "": self.requests(block)
                case other if other not in SHOWN: self.fail(block, f"nothing knows how to try {other}")

    def fail(self, block: Block, what: str) -> None:
        self.problems.append(f"{block.place}: {what}")

    def run(self, document: Path, shell: list[Block], environment: dict[str, str]) -> None:
        folder = self.folder / document.stem
        (folder / ".build").symlink_to(self.folder / ".build")
        (folder / ".flotilla").symlink_to(self.home.path)
        last = max(block.line + len(block.lines) for block in shell)
        lines = [""] * last
        for block in shell:
            if block is not shell[0]:
                lines[block.line - 2] = "settle"
            lines[block.line - 1 : block.line - 1 + len(block.lines)] = block.lines
        script, failures, output = (folder / name for name in ("script.sh", "failures", "output"))
        script.write_text("\n".join(lines) + "\necho finished >&3\n")
        with open(failures, "w") as failed, open(output, "w") as said:
            try:
                subprocess.run(
                    ["bash", "-c", f"exec bash {script} 3>&{failed.fileno()}"], env=environment, cwd=folder, timeout=120,
                    pass_fds=(failed.fileno(),), stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False,
                )
            except subprocess.TimeoutExpired:
                self.problems.append(f"{document.name}: its commands do not end within 120 s")
        lines = failures.read_text().splitlines()
        if lines[-1:] != ["finished"]:
            lines.append("the last line was not reached")
        name = document.relative_to(REPOSITORY)
        wrong = [f"{name}:{line}" for line in lines if line != "finished"]
        if wrong:
            self.problems += [*wrong, f"{name}: what its commands said:\n{output.read_text()[-6_000:]}"]

    def settings(self, block: Block, environment: dict[str, str]) -> None:
        part = yaml.safe_load(block.text)
        if "plans" in part:
            name, variable, words = "plans.yaml", "FLOTILLA_PLANS", ("migrate", "--dry-run")
        else:
            name, variable, words = "queues.yaml", "FLOTILLA_QUEUES", ("topology", "plan")
        file = self.folder / f"{block.document.stem}-{name}"
        whole = yaml.safe_load(Path(environment[variable]).read_text())
        file.write_text(yaml.safe_dump(merged(whole, part), sort_keys=False, allow_unicode=True))
        environment[variable] = str(file)
        result = subprocess.run(
            [str(self.home.binary), *words], env=environment, cwd=self.folder, text=True, capture_output=True, timeout=60,
            check=False,
        )
        if result.returncode != 0:
            self.fail(block, f"flotilla {' '.join(words)} with it: {result.stderr.strip()[-1_000:]}")

    def json(self, block: Block) -> None:
        try:
            value = json.loads(block.text)
        except ValueError as error:
            return self.fail(block, str(error))
        match block.marks:
            case []: return
            case [name] if EVENT.fullmatch(name): request = ("POST", "/api/v1/events", {"type": name, "data": value})
            case ["POST" | "PUT" as method, path]: request = (method, path, value)
            case _: return self.fail(block, f"{' '.join(block.marks)} is neither an event nor a request")
        self.send(block, *request)

    def requests(self, block: Block) -> None:
        for line in block.lines:
            if match := REQUEST.match(line):
                self.send(block, line.split()[0], match[1], json.loads(match[2]))

    def send(self, block: Block, method: str, path: str, body: object) -> None:
        deadline = time.monotonic() + 20
        # What a command before has published is not there at once.
        while (answered := self.api.call(method, path, body))[0] == 404 and time.monotonic() < deadline:
            time.sleep(0.2)
        status, answer = answered
        if status >= 300:
            self.fail(block, f"{method} {path}: {status} {json.dumps(answer)[:500]}")
        elif warning := isinstance(answer, dict) and answer.get("data", {}).get("warnings"):
            self.fail(block, f"{method} {path}: {warning}")

    def sql(self, block: Block) -> None:
        url = self.home.servers["DATABASE_URL"]
        result = subprocess.run(
            ["psql", url, "--quiet", "--set=ON_ERROR_STOP=1"], input=block.text, text=True, capture_output=True, timeout=60,
            check=False,
        )
        if result.returncode != 0:
            self.fail(block, result.stderr.strip())

    def python(self, block: Block) -> None:
        result = subprocess.run(
            [sys.executable, "-c", block.text], cwd=self.folder / block.document.stem, text=True, capture_output=True,
            timeout=60, check=False,
        )
        if result.returncode != 0:
            self.fail(block, result.stderr.strip())

    def swift(self, parts: list[Block]) -> None:
        """What stands at the left edge of a block is a declaration or a statement; statements are put into a function."""
        if not parts:
            return
        source: list[str] = []
        for number, block in enumerate(parts):
            imports = [line for line in block.lines if line.startswith("import ")]
            # The lines keep their numbers.
            rest = ["" if line in imports else line for line in block.lines]
            place = f'#sourceLocation(file: "{block.document.relative_to(REPOSITORY)}", line: {block.line})'
            is_body = any(line.startswith(("let ", "var ", "try ")) for line in rest)
            source += imports
            source += [*([f"func block{number}() async throws {{"] if is_body else []), place, *rest, *(["}"] if is_body else [])]
        modules = self.home.binary.parent / "Modules"
        file = self.folder / f"{parts[0].document.stem}.swift"
        file.write_text("\n".join(source) + "\n")
        result = subprocess.run(
            ["swiftc", "-typecheck", "-swift-version", "6", "-module-name", "Guide", "-I", str(modules), *c_modules(modules), str(file)],
            text=True, capture_output=True, timeout=120, check=False,
        )
        if result.returncode != 0:
            self.fail(parts[0], f"its Swift does not compile:\n{(result.stdout + result.stderr).strip()[:3_000]}")

    def dead_letters(self, expected: int) -> None:
        """Once nothing waits, retries included, of which the broker's figures are up to 5 s old."""
        time.sleep(6)
        wait_until("all messages are handled", 60, lambda: self.waiting() == 0, every=1)
        letters = json.loads(self.home.run("dlq", "list", "--output", "json").stdout)
        if len(letters) > expected:
            self.problems += [f"a dead letter of the guides: {json.dumps(letter)[:500]}" for letter in letters]

    def waiting(self) -> int:
        place = urlsplit(self.home.servers["RABBITMQ_MANAGEMENT_URL"])
        request = urllib.request.Request(f"http://{place.hostname}:{place.port}/api/queues?columns=name,messages")
        account = f"{unquote(place.username or '')}:{unquote(place.password or '')}"
        request.add_header("Authorization", f"Basic {base64.b64encode(account.encode()).decode()}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return sum(queue.get("messages", 0) for queue in json.load(answer) if not queue["name"].startswith("dlq."))


def c_modules(modules: Path) -> list[str]:
    """Where the C modules behind ours and their headers are."""
    libraries = re.findall(r'pkgConfig: "([^"]*)"', (REPOSITORY / "Package.swift").read_text())
    maps = [*(REPOSITORY / "Sources/System").glob("*/module.modulemap"), *modules.parent.glob("*.build/module.modulemap")]
    headers = subprocess.run(
        ["pkg-config", "--cflags-only-I", *libraries], text=True, capture_output=True, check=True,
    ).stdout.split()
    return [word for flag in [*(f"-fmodule-map-file={place}" for place in maps), *headers] for word in ("-Xcc", flag)]


def merged(whole: object, part: object) -> object:
    if not (isinstance(whole, dict) and isinstance(part, dict)):
        return part
    return whole | {name: merged(whole.get(name), value) for name, value in part.items()}


def check_guides(binary: Path) -> list[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"127.0.0.1:{server.server_port}"
    home = Home(binary, environment={
        "FLOTILLA_PLANS": str(REPOSITORY / "plans.yaml"), "FLOTILLA_WEBHOOK_ALLOW_PRIVATE": place,
    })
    documents = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    try:
        home.start()
        guides = Guides(home, f"http://{place}")
        for document in documents:
            started = time.monotonic()
            guides.check(document)
            print(f"{document.name}: {time.monotonic() - started:.1f} s", flush=True)
        every = [block for document in documents for block in blocks(document)]
        guides.dead_letters(sum("dead-letter" in block.marks for block in every))
        counts = ", ".join(f"{count} {language or 'plain'}" for language, count in sorted(guides.counts.items()))
        print(f"guides: {counts}; {sum('no-test' in block.marks for block in every)} that can't be tried")
        return guides.problems
    finally:
        home.close()
        server.shutdown()
