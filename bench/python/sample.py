"""The sample message: the same bytes as `sample_write` in c/bench.c."""

ID_PREFIX = "f1071a00-2026-4b5e-8000-"


def message_id(sequence: int) -> str:
    return f"{ID_PREFIX}{sequence:012x}"


def sequence_of(identifier: str) -> int:
    return int(identifier[-12:], 16)


def payload(sequence: int) -> dict:
    """A `profile.viewed` event."""
    return {
        "viewId": message_id(sequence),
        "profileId": f"profile-{sequence * 7919 % 100_000_000:08d}",
        "companyId": f"company-{sequence % 250:04d}",
        "recruiterId": f"recruiter-{sequence * 31 % 1_000_000:06d}",
        "anonymized": False,
        "source": "search-service",
        "occurredAt": f"2026-11-03T10:{sequence // 60_000 % 60:02d}:{sequence // 1000 % 60:02d}.{sequence % 1000:03d}Z",
    }
