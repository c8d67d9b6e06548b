"""Holds the API to its own descriptions: the validators of OpenAPI and AsyncAPI, every example sent as it stands, and
schemathesis with a key of each scope. With --guides, holds the guides to what they show instead: see guides.py.

    python3 Tests/Contract --binary .build/debug/flotilla [--examples 5] [--scopes admin read]
    python3 Tests/Contract --binary .build/debug/flotilla --guides

Needs the test partners that ops/setup.sh --test installs, and runs on their Python. Starts a fleet of its own.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Chaos"))
from home import Home, wait_until  # noqa: E402  The same private fleet as the ledger's.

from api import API, make_key  # noqa: E402
from guides import check_guides  # noqa: E402

SCOPES = ("admin", "read", "read:personal", "enqueue", "send", "scan", "view", "operate", "edit")
# A stream of events is over after 15 minutes only, and a body of lines is no value that a schema describes: the tests of the
# API have both.
UNTOUCHED = r"/jobs/.*events$|/jobs/batch$"
# What stands in the paths of the examples.
PLACES = {
    "company": "c-1", "recipient": "user:42", "code": "TKT-001", "name": "nightly",
    "/api/v1/profiles/{id}/view": "p-42",
}


def check_documents(openapi: dict, asyncapi: dict) -> list[str]:
    import jsonschema
    import openapi_spec_validator
    from pydantic_asyncapi.v3 import AsyncAPI

    openapi_spec_validator.validate(openapi)
    # The library knows the word "exchange" where version 0.3.0 of the AMQP binding has "routingKey".
    known = json.loads(json.dumps(asyncapi).replace('"is": "routingKey"', '"is": "exchange"'))
    AsyncAPI.model_validate(known)
    problems = []
    for name, document in (("openapi", openapi), ("asyncapi", asyncapi)):
        problems += [f"{name} says nothing at {place}: {{}}" for place in empty(document) if not place.endswith("/not")]
    for name, message in asyncapi["components"]["messages"].items():
        validator = jsonschema.Draft202012Validator(message["payload"])
        validator.check_schema(message["payload"])
        for example in message["examples"]:
            problems += [f"asyncapi {name}: {error.message}" for error in validator.iter_errors(example["payload"])]
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            if not content.get("examples"):
                problems.append(f"{method.upper()} {path} has a body and no example")
            validator = jsonschema.Draft202012Validator(content["schema"])
            for name, example in content.get("examples", {}).items():
                errors = validator.iter_errors(example["value"])
                problems += [f"{method.upper()} {path} {name}: {error.message}" for error in errors]
    return problems


def empty(value: object, place: str = "") -> list[str]:
    """Where an empty object stands."""
    if value == {}:
        return [place]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, part in inner for found in empty(part, f"{place}/{name}")]


def send_examples(api: API, home: Home, openapi: dict) -> list[str]:
    """Sends each example of a request as it stands; then nothing may be a dead letter."""
    for event in (
        {"type": "user.created", "data": {"userId": "42", "email": "ann@example.com", "name": "Ann Lee"}},
        {"type": "profile.validated", "data": {"profileId": "p-42", "userId": "42", "title": "Swift"}},
    ):
        status, answer = api.call("POST", "/api/v1/events", event)
        assert status == 202, answer
    wait_until("the profile is found", 30, lambda: api.call("GET", "/api/v1/search?q=swift")[1]["data"]["items"] != [])
    wait_until(
        "the user is known", 30,
        lambda: api.call("POST", "/api/v1/notifications/in-app", {"to": "42", "template": "message", "data": {
            "title": "Here", "body": "Known."}})[0] == 201,
    )
    problems, sent, later = [], 0, []
    for path, operations in sorted(openapi["paths"].items()):
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for name, example in content.get("examples", {}).items():
                if path.endswith("/cancel"):
                    later.append((path, method, name, example["value"]))
                    continue
                sent += 1
                problems += send(api, path, method, name, example["value"])
    wait_until("the ticket is made", 60, lambda: tickets(api) != [])
    for entry in later:
        sent += 1
        problems += send(api, *entry)
    deadline = time.monotonic() + 60
    while busy(api) and time.monotonic() < deadline:
        time.sleep(0.2)
    letters = json.loads(home.run("dlq", "list", "--output", "json").stdout)
    problems += [f"an example became a dead letter: {json.dumps(letter)[:300]}" for letter in letters]
    print(f"{sent} examples sent, {len(letters)} dead letters")
    return problems


# Bodies of POST /api/v1/tickets/generate, made from its example: what is said of them has to be what becomes of them.
TICKET_JOBS = {
    "a ticket whose guest's name is a number": lambda job: job["tickets"][0].update(guest_name=5),
    "a ticket that is no object": lambda job: job["tickets"].append("no ticket"),
    "no tickets": lambda job: job.update(tickets=[]),
    "a second name of the details, with nonsense in it": lambda job: job.update(templateData={"time_zone": 5}),
    "a colour that is none": lambda job: job["template_data"].update(color="red"),
    "a colour": lambda job: job["template_data"].update(color="#3A3fa0"),
    "the template's colour": lambda job: job["template_data"].update(color=""),
    "the details under their second name": lambda job: job.update(templateData=job.pop("template_data")),
    "nonsense under the second name, where the first is null": lambda job: job.update(
        template_data=None, templateData={"time_zone": 5}
    ),
    "a first name with nonsense, and a second one": lambda job: job.update(
        templateData=job["template_data"], template_data={"event_title": 5}
    ),
    "an organizer's second name with nonsense": lambda job: job.update(organizerId="1", organizer_id=[]),
    "an organizer's second name alone with nonsense": lambda job: job.update(organizer_id=[]),
}


def compare(api: API, openapi: dict) -> list[str]:
    """Where the description of a request and what becomes of it are two things."""
    import jsonschema

    path = "/api/v1/tickets/generate"
    content = openapi["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    validator, problems = jsonschema.Draft202012Validator(content["schema"]), []
    for number, (name, change) in enumerate(TICKET_JOBS.items()):
        job = json.loads(json.dumps(next(iter(content["examples"].values()))["value"])) | {"job_id": f"compared-{number}"}
        change(job)
        status = api.call("POST", path, job)[0]
        if status not in (202, 422) or validator.is_valid(job) != (status == 202):
            problems.append(f"POST {path} answers {status} to {name}; that its schema takes it is {validator.is_valid(job)}")
    print(f"{len(TICKET_JOBS)} bodies compared with their schema")
    return problems


def tickets(api: API) -> list:
    return api.call("GET", "/api/v1/tickets?code=TKT-001")[1]["data"]["items"]


def busy(api: API) -> bool:
    return any(
        api.call("GET", f"/api/v1/jobs?state={state}&limit=1")[1]["data"]["items"] for state in ("queued", "running")
    )


def send(api: API, path: str, method: str, name: str, body: object) -> list[str]:
    filled = path
    for place, value in PLACES.items():
        filled = filled.replace("{id}", value) if place == path else filled.replace("{" + place + "}", value)
    status, answer = api.call(method.upper(), filled, body)
    return [] if status < 300 else [f"{method.upper()} {filled} {name}: {status} {json.dumps(answer)[:300]}"]


def schemathesis(api: API, scope: str, examples: int, document: Path) -> str:
    """One run with a key; the empty text when nothing was found."""
    log = document.with_name(f"{scope.replace(':', '-')}.log")
    with open(log, "w") as output:
        status = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", api.base, "-H",
                f"X-API-Key: {api.key}", "--checks", "all", "--exclude-checks", "positive_data_acceptance",
                "--exclude-path-regex", UNTOUCHED,
                "--max-examples", str(examples), "--seed", "42", "--no-color", "--request-timeout", "30",
            ],
            env=os.environ | {"SCHEMATHESIS_HOOKS": "checks", "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
            stdout=output, stderr=subprocess.STDOUT, cwd=log.parent, check=False,
        ).returncode
    text = log.read_text()
    cases = [line.strip() for line in text.splitlines() if " generated" in line]
    print(f"schemathesis with {scope}: {'; '.join(cases) or 'no cases'}, exit status {status}", flush=True)
    return "" if status == 0 and cases else text[-40_000:]


def check_api(binary: Path, examples: int, scopes: list[str]) -> list[str]:
    home = Home(binary, environment={
        "FLOTILLA_AUTH_FAILURE_LIMIT": "off", "FLOTILLA_RATE_LIMIT": "off",
    })
    try:
        home.start()
        api = API(home, make_key(home, "admin"))
        openapi, asyncapi = (api.call("GET", f"/{name}.json")[1] for name in ("openapi", "asyncapi"))
        problems = check_documents(openapi, asyncapi)
        print(f"openapi.json: {len(openapi['paths'])} paths; asyncapi.json: {len(asyncapi['operations'])} operations")
        problems += send_examples(api, home, openapi)
        problems += compare(api, openapi)
        # Not every key may read it.
        document = home.path / "openapi.json"
        document.write_text(json.dumps(openapi))
        keys = {scope: API(home, make_key(home, scope)) for scope in scopes}
        with ThreadPoolExecutor(2) as pool:
            findings = pool.map(
                lambda scope: schemathesis(keys[scope], scope, examples, document),
                scopes,
            )
            problems += [finding for finding in findings if finding]
    finally:
        home.close()
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True, help="the built command")
    parser.add_argument("--examples", type=int, default=5, help="of schemathesis for each operation; 5 unless given")
    parser.add_argument("--scopes", nargs="*", default=SCOPES, help="whose keys; all unless given")
    parser.add_argument("--guides", action="store_true", help="try what README.md and docs/*.md show, and nothing else")
    arguments = parser.parse_args()
    binary = arguments.binary.resolve()
    problems = check_guides(binary) if arguments.guides else check_api(binary, arguments.examples, arguments.scopes)
    for problem in problems:
        print(f"FAIL: {problem}")
    print(f"contract: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
