#!/usr/bin/env python3
"""The two ways of a profile through a recruitment platform, seen from outside.

    RABBITMQ_URL=amqp://… FLOTILLA_KEY=flk_… examples/recruitment/flows.py [--url URL] [--timeout SECONDS]

It publishes with `amqp-publish` what the platform's other services would publish, asks the HTTP API for everything else,
and checks every station on the way. The key needs the scopes read, view and operate. It exits with 1 and says which
station was not reached, or with what. Every id is new in each run, so real data stay apart.
"""
import argparse
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timezone

RUN = f"flow-{uuid.uuid4().hex[:12]}"
PROFILE, CANDIDATE, DOCUMENT = f"{RUN}-profile", f"{RUN}-candidate", f"{RUN}-diploma"
HR, RECRUITER, COMPANY = f"{RUN}-hr", f"{RUN}-recruiter", f"{RUN}-company"
# A trade of this run alone, so that a search finds this run's profile alone.
TRADE = "soudeuse" + "".join("abcdefghijklmnop"[int(digit, 16)] for digit in RUN[5:])


class Missed(Exception):
    """A station that was not reached."""


class Fleet:
    def __init__(self, broker: str, url: str, key: str, timeout: float):
        self.broker, self.url, self.key, self.timeout = broker, url.rstrip("/"), key, timeout

    def publish(self, event: str, **data) -> None:
        body = json.dumps(data | {"occurredAt": datetime.now(timezone.utc).isoformat()}, ensure_ascii=False)
        command = ["amqp-publish", "-u", self.broker, "-e", "fleet.topic", "-r", event, "-C", "application/json", "-p", "-b", body]
        subprocess.run(command, check=True)

    def call(self, method: str, path: str, body: dict | None = None, headers: dict[str, str] | None = None, **query: str):
        """The status and what is in `data`."""
        address = f"{self.url}/api/v1{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(address, method=method, headers={"Authorization": f"Bearer {self.key}"} | (headers or {}))
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            return error.code, json.load(error).get("error")
        except urllib.error.URLError as error:
            raise Missed(f"no API at {self.url}: {error.reason}; name its address with --url") from error

    def get(self, path: str, **query: str):
        status, data = self.call("GET", path, **query)
        if status != 200:
            raise Missed(f"GET {path} answered {status}: {data}")
        return data

    def await_(self, station: str, look, *expected) -> None:
        """Looks until `look` gives what is expected."""
        end = time.monotonic() + self.timeout
        while (seen := look()) not in expected:
            if time.monotonic() > end:
                raise Missed(f"{station}: expected {expected[0]!r}, saw {seen!r}")
            time.sleep(0.1)
        passed(station)

    def audited(self, subject: str) -> list[str]:
        """The events of a subject in the audit log, in order of time."""
        return sorted(row["event"] for row in self.get("/audit", subject=subject)["items"])

    def mails(self, person: str, kind: str = "user") -> list[tuple[str, str]]:
        items = self.get("/notifications/history", recipient=f"{kind}:{person}", type="email")["items"]
        return sorted((item["template"], item["status"]) for item in items)

    def found(self) -> list[str]:
        return [item["id"] for item in self.get("/search", q=TRADE)["items"]]

    def quota(self, kind: str) -> tuple:
        quota = next(quota for quota in self.get(f"/quotas/{COMPANY}")["quotas"] if quota["kind"] == kind)
        return quota["plan"], quota["used"], quota["remaining"]


def passed(station: str) -> None:
    print(f"  ✓ {station}", flush=True)


def check(station: str, seen, expected) -> None:
    if seen != expected:
        raise Missed(f"{station}: expected {expected!r}, saw {seen!r}")
    passed(station)


def validation(fleet: Fleet) -> None:
    print("A profile is validated")
    fleet.publish("user.created", userId=CANDIDATE, name="Flora Exemple", email=f"{CANDIDATE}@example.org", language="fr")
    fleet.publish("user.created", userId=HR, name="Hugo Exemple", email=f"{HR}@example.org", language="fr", role="hr")
    fleet.await_("the candidate is welcomed by mail", lambda: fleet.mails(CANDIDATE), [("user_welcome", "sent")])
    fleet.await_("so is the reviewer", lambda: fleet.mails(HR), [("user_welcome", "sent")])

    fleet.publish("profile.submitted", profileId=PROFILE, candidateId=CANDIDATE, candidateName="Flora Exemple")
    fleet.await_("1. profile.submitted is in the audit log", lambda: fleet.audited(PROFILE), ["profile.submitted"])
    reviewer = [("profile_to_review", "sent"), ("user_welcome", "sent")]
    fleet.await_("2. HR is asked to review it", lambda: fleet.mails(HR), reviewer)
    check("   before it is validated, nobody finds it", fleet.found(), [])

    fleet.publish("document.accessed", documentId=DOCUMENT, userId=HR)
    seen = lambda: [(row["viewer"], row["type"]) for row in fleet.get("/audit/access-logs", resource=DOCUMENT)["items"]]
    fleet.await_("3. the look at the documents is in the access log", seen, [(HR, "document")])

    fleet.publish(
        "profile.validated", profileId=PROFILE, candidateId=CANDIDATE, firstName="Flora", lastName="Exemple",
        email=f"{CANDIDATE}@example.org", title=f"{TRADE} expérimentée", skills=["TIG", "MIG"], sector="Industrie", experienceYears=7,
    )  # fmt: skip
    fleet.await_("4. and 5. profile.validated brings it into the index", fleet.found, [PROFILE])
    candidate = [("profile_submitted", "sent"), ("profile_validated", "sent"), ("user_welcome", "sent")]
    fleet.await_("6. the candidate is told by mail", lambda: fleet.mails(CANDIDATE), candidate)
    both = ["profile.submitted", "profile.validated"]
    fleet.await_("7. profile.validated is in the audit log", lambda: fleet.audited(PROFILE), both)


def consultation(fleet: Fleet) -> None:
    print("A profile is looked at")
    fleet.publish("customer.created", customerId=COMPANY, name="Exemple SA", email=f"{COMPANY}@example.org", language="fr")
    fleet.publish("payment.succeeded", paymentId=f"{RUN}-payment", companyId=COMPANY, plan="pro", status="succeeded")
    fleet.await_("the payment gives the company its plan", lambda: fleet.quota("profile_views"), ("pro", 0, 1000))
    paid = [("payment_succeeded", "sent")]
    fleet.await_("the company is told of it by mail", lambda: fleet.mails(COMPANY, "customer"), paid)

    search = {"q": TRADE, "skills": "tig", "experience": "5-", "companyId": COMPANY, "userId": RECRUITER}
    status, page = fleet.call("POST", "/search", search)
    check("1. the search finds the profile", (status, [item["id"] for item in page.get("items", [])]), (200, [PROFILE]))
    performed = lambda: [row["event"] for row in fleet.get("/audit", messageId=page["searchId"])["items"]]
    fleet.await_("   search.performed is in the audit log", performed, ["search.performed"])
    fleet.await_("   and counts against the quota of searches", lambda: fleet.quota("searches")[1], 1)

    status, answer = fleet.call("POST", f"/quotas/{COMPANY}/check", {"kind": "profile_views"})
    check("2. the quota allows a view", (status, answer.get("allowed"), answer.get("remaining")), (200, True, 1000))

    view = f"{RUN}-view"
    for attempt in ("3. the profile is shown", "   a repeat with the same key shows it again"):
        status, answer = fleet.call(
            "POST", f"/profiles/{PROFILE}/view", {"companyId": COMPANY, "viewerId": RECRUITER},
            {"Idempotency-Key": view, "X-Correlation-ID": RUN},
        )  # fmt: skip
        shown = answer.get("profile", {})
        check(attempt, (status, shown.get("id"), shown.get("sector")), (200, PROFILE, "Industrie"))

    seen = lambda: [(row["viewer"], row["type"], row["correlationId"]) for row in fleet.get("/audit/access-logs", resource=PROFILE)["items"]]
    fleet.await_("4. the access log says once who looked at it", seen, [(RECRUITER, "profile", RUN)])
    fleet.await_("5. the quota is one view less", lambda: fleet.quota("profile_views"), ("pro", 1, 999))
    viewed = ["profile.submitted", "profile.validated", "profile.viewed"]
    fleet.await_("6. profile.viewed is in the audit log", lambda: fleet.audited(PROFILE), viewed)


def main() -> int:
    parser = argparse.ArgumentParser(description="Follows a profile through the fleet, by AMQP and HTTP alone.")
    parser.add_argument("--url", default=f"http://127.0.0.1:{os.environ.get('PORT', 8080)}", help="of the API (default %(default)s)")
    parser.add_argument("--timeout", type=float, default=30, help="seconds to wait for each station (default %(default)s)")
    options = parser.parse_args()
    missing = [name for name in ("RABBITMQ_URL", "FLOTILLA_KEY") if name not in os.environ]
    if missing:
        print(f"flows: set {' and '.join(missing)}: see examples/recruitment/README.md", file=sys.stderr)
        return 2
    fleet = Fleet(os.environ["RABBITMQ_URL"], options.url, os.environ["FLOTILLA_KEY"], options.timeout)
    try:
        validation(fleet)
        consultation(fleet)
    except Missed as missed:
        print(f"flows: {missed}", file=sys.stderr)
        return 1
    print("All stations were reached.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
