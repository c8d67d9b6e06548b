"""The check that takes the place of schemathesis' positive_data_acceptance: a request that fits its schema is refused for
what the schema can't say, and for nothing else."""
from __future__ import annotations

import schemathesis
from schemathesis import GenerationMode

# Refusals that depend on what is stored, or on other requests.
STORED = {
    "idempotency_key_reused", "unknown_recipient", "unknown_job_type", "unknown_template", "request_in_progress", "too_many",
}
# Lengths count bytes, and JSON Schema has characters; the rest relates two values to each other, or the body of an event or a
# job to its type, of which /api/v1/schemas/{type} has the schema.
RELATED = (
    "bytes long", "bytes, found", "begin with the smaller number", "is missing: give it", "is missing: say", "is not the nextCursor",
    "belongs to a search that counts", "expected a time zone", "expected base64", "expected a language tag", "expected an ISO 8601 time",
    "is no queue of this fleet", "are found; there are", "needs type and value", "has a meaning with field only",
    "is neither a job nor a batch", "is no batch", "can't stand beside after", "has to be later than", "is before from",
    "period has to be a duration", "a cron entry is named by", "is not known; there are",
    "PNG picture", "names the template", "expected a time after", "expected one of email", "has to be a whole number or a string",
)
BODIES = ("payload", "data")
# Texts of a form that JSON Schema has no words for: schedules and durations within bounds.
FORMS = ("schedule", "zone", "catchUp", "jitter", "expiresAfter")


@schemathesis.check
def refused_for_what_the_schema_cannot_say(ctx, response, case):
    meta = case.meta
    if meta is None or meta.generation.mode != GenerationMode.POSITIVE or response.status_code not in (400, 415, 422):
        return
    error = response.json()["error"]
    if error["code"] in STORED:
        return
    details = error["details"]
    if details and all(
        detail["field"].split(".")[0] in BODIES + FORMS or any(words in detail["message"] for words in RELATED)
        for detail in details
    ):
        return
    raise AssertionError(f"The schema is looser than the code: {response.status_code} {error}")
