"""The parts of a mail as every contender gets them: a template that has been rendered, with a mark for the mail's number."""

import json
from pathlib import Path

# Six characters that no header field and no encoding treats otherwise than digits.
MARK = "zzzzzz"
NAME, ADDRESS = "Flotilla", "no-reply@example.org"
SENDER = f"{NAME} <{ADDRESS}>"


def address(number: int) -> str:
    return f"Zoé Dupont <guest-{number:06d}@example.com>"


class Parts:
    """Cut at the mark beforehand, so that filling the number in costs nobody anything worth measuring."""

    def __init__(self, path: Path) -> None:
        rendered = json.loads(path.read_text())
        self._subject, self._text, self._html = (rendered[name].split(MARK) for name in ("subject", "text", "html"))

    def subject(self, number: int) -> str:
        return f"{number:06d}".join(self._subject)

    def text(self, number: int) -> str:
        return f"{number:06d}".join(self._text)

    def html(self, number: int) -> str:
        return f"{number:06d}".join(self._html)
