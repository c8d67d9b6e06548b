"""What a cell is: a fault, what it is done to, and the rules by which it passes."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stage import Stage


@dataclass(frozen=True)
class Check:
    """One number and its rule."""

    name: str
    value: object
    rule: str
    passed: bool


@dataclass(frozen=True)
class Rules:
    """What a cell allows. Nothing may ever be lost or doubled, unless a cell says what and why."""

    # Seconds from the fault's end to the first new effect, and until everything is done.
    heal: float = 10
    done: float = 60
    # Attempts that good messages may lose.
    attempts: int = 0
    # Error types of dead letters that the fault is meant to make.
    dead: tuple[str, ...] = ()
    # Whether audit rows of messages that were accepted around the fault may be missing. The audit log is what other
    # queues are replayed from: what its own queue held can't be had again, and the fleet has to declare that.
    may_lose_audit: bool = False
    # Whether a message whose audit row is lost may have lost its other effects too, since all queues went at once.
    may_lose_others: bool = False
    # Growth of a process that is the same before and after.
    descriptors: int = 20
    threads: int = 8
    memory: int = 64 << 20


@dataclass(frozen=True)
class Cell:
    """A fault under load. `fault` returns when it is over, remedies that its nature needs included."""

    name: str
    group: str
    does: str
    fault: Callable[[Stage], None]
    # How long the fault takes, so that messages are published all through it.
    seconds: float = 3
    # For cells that are slow by nature.
    share: float = 1
    home: str = "plain"
    rules: Rules = field(default_factory=Rules)
    # Why it can't be run here, or None.
    missing: Callable[[], str | None] | None = None
    # A cell without the usual load has rules of its own: `Stage.check`.
    has_load: bool = True
    quick: bool = False


CELLS: dict[str, Cell] = {}


def cell(
    group: str, does: str, **options: object
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Registers a function as the cell of its name."""

    def register(fault: Callable[[Stage], None]) -> Callable[[Stage], None]:
        add(Cell(fault.__name__, group, does, fault, **options))  # type: ignore[arg-type]
        return fault

    return register


def add(new: Cell) -> None:
    if new.name in CELLS:
        raise ValueError(f"two cells are called {new.name}")
    CELLS[new.name] = new


def chosen(words: list[str]) -> list[Cell]:
    """Those whose names are or begin with one of the words; all for none. An unknown word is an error."""
    if not words:
        return list(CELLS.values())
    for word in words:
        if not any(name.startswith(word) for name in CELLS):
            raise SystemExit(f"chaos: no cell begins with {word}; see --list")
    return [cell for name, cell in CELLS.items() if any(name.startswith(word) for word in words)]
