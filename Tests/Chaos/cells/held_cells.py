"""What held already, and has to go on holding."""
from __future__ import annotations

import json
import random
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

from cell import cell
from home import free_port, wait_until
from stage import Stage

GROUP = "Held"


def new_key(stage: Stage) -> str:
    return stage.home.run("key", "create", stage.load.word, "--scopes", "admin").stdout.split()[-1]


def enqueue(stage: Stage, port: int, key: str, idempotency: str, number: int) -> tuple[int, str]:
    """The status and the job's id, or nothing for no answer."""
    body = {"type": "notification.email", "payload": {
        "to": f"{stage.load.word}-{number}@example.org", "template": "user_welcome", "data": {}}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/jobs", json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": idempotency},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, str(json.loads(answer.read())["data"]["id"])
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")[:100]
    except OSError:
        return 0, ""


def _start_api(stage: Stage, port: int) -> subprocess.Popen[bytes]:
    with open(stage.home.logs / "second-api.log", "ab") as log:
        return subprocess.Popen(
            [str(stage.home.binary), "api"], env=stage.home.environment | {"PORT": str(port)}, cwd=stage.home.path,
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )


def _is_live(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _through_kills(stage: Stage, keys: list[str], count: int, kills: int) -> dict[tuple[int, int], str]:
    """Enqueues every number once for each API key, by the same idempotency keys, while the API is killed again and again.

    The jobs by key and number, as they were answered.
    """
    # An API of its own, started again at once: `up` would wait longer each time.
    port = free_port()
    answered: dict[tuple[int, int], str] = {}
    total = count * len(keys)
    work = iter([(caller, number) for number in range(count) for caller in range(len(keys))])
    lock = threading.Lock()

    def send() -> None:
        while True:
            with lock:
                item = next(work, None)
            if item is None:
                return
            caller, number = item
            while item not in answered:
                status, job = enqueue(stage, port, keys[caller], f"{stage.load.word}-{number}", number)
                if status in (200, 202):
                    answered[item] = job
                elif status not in (0, 409, 429, 503):
                    answered[item] = f"refused: {status} {job}"
                else:
                    stage.sleep(0.05)

    threads = [threading.Thread(target=send, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    killed = 0
    process = _start_api(stage, port)
    try:
        while killed < kills and len(answered) < total:
            wait_until("the API answers", 60, lambda: _is_live(port), every=0.02)
            # Somewhere in the next requests, so that all kills fall among them.
            goal = len(answered) + random.randrange(total // kills // 5, total // kills * 4 // 5)
            wait_until("it takes more", 120, lambda: len(answered) >= min(goal, total), every=0.005)
            process.kill()
            process.wait()
            killed += 1
            process = _start_api(stage, port)
        for thread in threads:
            thread.join(300)
    finally:
        process.terminate()
        process.wait(60)
    stage.check("kills", killed, f"= {kills}", killed == kills)
    refused = [job for job in answered.values() if job.startswith("refused")]
    stage.check("answered", f"{len(answered)} of {total}; refused {refused[:1]}", f"= {total}",
                len(answered) == total and not refused)
    stage.check("jobs that were answered with", len(set(answered.values())), f"= {total}",
                len(set(answered.values())) == total)
    return answered


def _of_this_cell(stage: Stage) -> str:
    return f"created_by IS NOT NULL AND convert_from(payload, 'UTF8') LIKE '%{stage.load.word}-%'"


@cell(GROUP, "3,000 enqueues over HTTP through 12 SIGKILLs of the API, each repeated by its key until it is answered",
      has_load=False)
def enqueue_through_kills(stage: Stage) -> None:
    count = 3000
    _through_kills(stage, [new_key(stage)], count, 12)
    rows = stage.sql(f"SELECT count(*), count(DISTINCT payload) FROM jobs WHERE {_of_this_cell(stage)}")[0]
    stage.check("jobs, and different ones", f"{rows[0]}, {rows[1]}", f"= {count}", rows[:2] == (str(count),) * 2)


@cell(GROUP, "10,000 enqueues each of two callers with the same idempotency keys, through 5 SIGKILLs of the API",
      has_load=False)
def two_callers_through_kills(stage: Stage) -> None:
    count, keys = 10_000, [new_key(stage), new_key(stage)]
    answered = _through_kills(stage, keys, count, 5)
    owners = {str(job): (str(owner), str(payload)) for job, owner, payload in stage.sql(
        f"SELECT id, created_by, convert_from(payload, 'UTF8') FROM jobs WHERE {_of_this_cell(stage)}")}
    stage.check("jobs", len(owners), f"= {2 * count}", len(owners) == 2 * count)
    wrong = 0
    for (caller, number), job in answered.items():
        owner, payload = owners.get(job, ("", ""))
        if owner != "key:" + keys[caller].split("_")[1] or f"{stage.load.word}-{number}@" not in payload:
            wrong += 1
    stage.check("jobs that are not their caller's, or of another request", wrong, "= 0", wrong == 0)


@cell(GROUP, "50 requests at once with one idempotency key: one job, all answered with it", has_load=False)
def fifty_of_one_key(stage: Stage) -> None:
    key = new_key(stage)
    answers: list[tuple[int, str]] = []
    barrier = threading.Barrier(50)

    def send() -> None:
        barrier.wait(30)
        status, job = 409, ""
        for _ in range(40):
            status, job = enqueue(stage, stage.home.port, key, f"{stage.load.word}-one", 1)
            if status not in (0, 409):
                break
            stage.sleep(0.25)
        answers.append((status, job))

    threads = [threading.Thread(target=send, daemon=True) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    jobs = {job for status, job in answers if status in (200, 202)}
    stage.check("answers with the job", f"{len(answers)} with {len(jobs)} ids", "50 with 1",
                len(answers) == 50 and len(jobs) == 1 and all(status in (200, 202) for status, _ in answers))
    rows = stage.sql("SELECT count(*) FROM jobs WHERE convert_from(payload, 'UTF8') LIKE"
                     f" '%{stage.load.word}-1@%'")
    stage.check("jobs", rows[0][0], "= 1", rows[0][0] == "1")


NASTY = ("", "a", "\\u0000", "\\ud800", "\\udc00\\ud800", "é\u0301", "\u202e", "' OR 1=1 --", "../../etc/passwd",
         "%00", "%ff%fe", "x" * 5000, "{{7*7}}", "-1", "1e999", "99999999999999999999", "null", "[]", "{}", "true",
         "2026-13-45T99:99:99Z", "\\n\\r", "<script>")


def _nasty_request(chance: random.Random, key: str, port: int, routes: list[tuple[str, str]]) -> bytes:
    """A request of the description, with parts replaced by what no description has."""
    method, path = chance.choice(routes)
    parts = [urllib.parse.quote(chance.choice(NASTY), safe="%") or "x" if part.startswith("{") else part
             for part in path.split("/")]
    target = "/".join(parts)
    if chance.random() < 0.5:
        names = ("limit", "cursor", "state", "q", "since", "until", "page", "company", "event", "x")
        pairs = [f"{chance.choice(names)}={urllib.parse.quote(chance.choice(NASTY), safe='%')}" for _ in range(2)]
        target += "?" + "&".join(pairs)
    fields = ("type", "payload", "data", "to", "template", "scheduledAt", "expiresAt", "kind", "amount", "tickets",
              "id", "priority", "event_date", "preferences", "qrCodeData", "maxAttempts")
    values = [f'"{value}"' for value in NASTY] + list(NASTY[13:20]) + ['["a"]', '{"a":{"b":[1,null]}}', "[" * 500]
    body = "{" + ",".join(f'"{chance.choice(fields)}":{chance.choice(values)}' for _ in range(3)) + "}"
    body = body if method in ("POST", "PUT", "PATCH") else ""
    if chance.random() < 0.1:
        body = body[:len(body) // 2]
    data = body.encode("utf-8", "surrogatepass")
    idempotency = f"Idempotency-Key: {chance.choice(NASTY).encode().hex()[:200]}\r\n" if chance.random() < 0.3 else ""
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n{idempotency}" \
           f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    return head.encode("latin-1", "replace") + data


@cell(GROUP, "5,000 hostile requests to every route of the API: none is answered with 5xx, and the process is the same",
      has_load=False)
def hostile_requests(stage: Stage) -> None:
    key, port = new_key(stage), stage.home.port
    request = urllib.request.Request(f"http://127.0.0.1:{port}/openapi.json",
                                     headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        description = json.loads(answer.read())
    routes = [(method.upper(), path) for path, methods in description["paths"].items() for method in methods
              if method in ("get", "post", "put", "delete", "patch")]
    # Drawn anew each time, and told when something is found.
    seed = random.randrange(1 << 30)
    before = stage.home.process("api")
    bad: list[str] = []
    answered = [0]
    lock = threading.Lock()

    def send(number: int) -> None:
        chance = random.Random(seed + number)
        for _ in range(1250):
            data = _nasty_request(chance, key, port, routes)
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                    client.sendall(data)
                    head = client.recv(64)
            except OSError as error:
                head = str(error).encode()
            with lock:
                answered[0] += head.startswith(b"HTTP/1.1 ")
                if not head.startswith(b"HTTP/1.1 ") or head[9:10] == b"5":
                    bad.append(f"{head[:40]!r} for {data[:200]!r}")

    threads = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    stage.check("routes", len(routes), ">= 20", len(routes) >= 20)
    stage.check("answered without 5xx", f"{5000 - len(bad)}; seed {seed}; {bad[:2]}", "= 5000",
                not bad and answered[0] == 5000)
    stage.check("the API's process", stage.home.process("api"), f"= {before}", stage.home.process("api") == before)
