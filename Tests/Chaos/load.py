"""What a cell publishes: messages with known ids, and what each of them has to come to."""
from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field

QUIET_COMPANIES = 7


@dataclass(frozen=True)
class Planned:
    """One message. `kind` is view, unreadable, user or company."""

    id: str
    kind: str
    key: str
    body: bytes
    company: str = ""
    address: str = ""


@dataclass
class Load:
    """97 % `profile.viewed`, 2 % that quota can't read, 1 % `user.created`.

    Half of the views are of one company, whose quota runs out when there are enough of them. With `is_even` there are
    so many companies that no quota runs short, and nobody needs to be told.
    """

    count: int
    word: str = field(default_factory=lambda: "ledger" + secrets.token_hex(4))
    is_even: bool = False

    def __post_init__(self) -> None:
        # One time for all: uses of one load never fall into two periods.
        self._now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        others = self.count // 40 + 1 if self.is_even else QUIET_COMPANIES
        self.companies = [f"{self.word}-c{number}" for number in range(others + 1)]
        self.messages = [self._message(number) for number in range(self.count)]

    def introductions(self) -> list[Planned]:
        """Who is told when a quota runs short; to be handled before the load."""
        planned = []
        for number, company in enumerate(self.companies):
            address = f"{company}@example.org"
            body = {"customerId": company, "name": f"Company {number}", "email": address}
            name = f"{self.word}-intro-{number}"
            planned.append(_planned(name, "company", "customer.created", body, company, address))
        return planned

    def _message(self, number: int) -> Planned:
        name = f"{self.word}-{number:06d}"
        place = number % 100
        if place == 99:
            address = f"{name}@example.org"
            body = {"userId": name, "email": address, "name": f"Person {number}"}
            return _planned(name, "user", "user.created", body, address=address)
        if place == 48:
            return _planned(name, "unreadable", "profile.viewed", {"companyId": ["a", "list"]})
        if place == 98:
            return _planned(name, "unreadable", "profile.viewed", {"profileId": f"p-{number}"})
        others = len(self.companies) - 1
        is_hot = number % 2 and not self.is_even
        company = self.companies[0 if is_hot else 1 + number // 2 % others]
        body = {
            "companyId": company, "profileId": f"p-{number}", "recruiterId": f"r-{number % 50}",
            "occurredAt": self._now,
        }
        return _planned(name, "view", "profile.viewed", body, company)


def _planned(name: str, kind: str, key: str, body: object, company: str = "", address: str = "") -> Planned:
    return Planned(name, kind, key, json.dumps(body).encode(), company, address)
