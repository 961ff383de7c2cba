"""Which scenarios are there? Each is a function with a name, a sentence and its bounds; the files of `FAMILIES` register them."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chaos.oracle import Findings
    from chaos.stage import Stage

#: The files with scenarios, in the order in which they are played.
FAMILIES = (
    "crashes",
    "broker",
    "database",
    "providers",
    "answers",
    "reports",
    "forged",
    "poison",
    "holding",
    "races",
    "deploys",
    "burst",
    "seasons",
    "clocks",
    "disks",
    "copies",
    "controls",
    "soak",
    "alerts",
)


@dataclass(frozen=True)
class Scenario:
    """One way to break it, and what is allowed to follow."""

    name: str
    sentence: str
    #: what it returns, if anything, is the verdict: it has counted for itself, and nothing is waited for
    play: "Callable[[Stage], Findings | None]"
    recovery: float = 90.0  #: seconds, from the end of the fault to the normal drain
    unknown: float = 0.005  #: of all that is due; nobody proves it, and it is listed
    again: float = 0.05  #: of all that is due: service messages that came a second time
    database: str = "postgresql"  #: or "sqlite"
    reports: bool = True  #: whether the providers report
    caught: tuple[str, ...] = ()  #: a control: one of these must come out above zero
    alone: bool = False  #: only played where it is named
    needs: str = ""  #: what the engine has to have before this can hold


_KNOWN: dict[str, Scenario] = {}


def scenario(name: str, sentence: str, **bounds: Any) -> "Callable[[Any], Any]":
    """Registers a function as a scenario; the bounds are the fields of `Scenario`."""

    def register(
        play: "Callable[[Stage], Findings | None]",
    ) -> "Callable[[Stage], Findings | None]":
        assert name not in _KNOWN, f"{name} is there twice"
        assert len(sentence) <= 65, (
            f"the sentence of {name} does not fit into the table"
        )
        _KNOWN[name] = Scenario(name, sentence, play, **bounds)
        return play

    return register


def scenarios() -> dict[str, Scenario]:
    """All of them by name, in the order of their files."""
    for family in FAMILIES:
        importlib.import_module(f"chaos.{family}")
    return dict(_KNOWN)
