"""What can go wrong, as a tree.

AftercartError
├─ ConfigError            what the owner wrote is wrong; carries every problem at once, each with its place
│  ├─ SettingsError       an environment variable
│  ├─ CampaignError       a file in campaigns/
│  └─ TemplateError       a file in templates/
├─ SendError              a provider did not (surely) take a message; carries its code and its words
│  ├─ Refused             will never work: bad address, blocked, content rejected
│  ├─ Unavailable         surely not accepted: could not connect, 503
│  │  └─ Throttled        … and the provider said when to come back
│  ├─ AccountProblem      surely not accepted, and no message will be until a person acts: bad key, no credit
│  └─ Unclear             may have been accepted: read time-out, connection lost after the first byte, 500
├─ HookError              a callback that we do not believe (one answer for every cause)
├─ IllegalTransition      a message was asked to move where the table of states has no arrow
└─ InputError             a row, an event or an argument is not usable; says which and how to mend it

ConfigError is not a SendError: a mistake in a file must never be counted as a provider's failure.
"""

from dataclasses import dataclass
from datetime import datetime


class AftercartError(Exception):
    """The root: everything Aftercart raises on purpose."""


@dataclass(frozen=True)
class Place:
    """Where something stands in a file; counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in something the owner wrote: where (line 0: the whole of it), what, and how to mend it."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    @property
    def place(self) -> str:
        """`file:line:column`, or only the file where there are no lines."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}"
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(AftercartError):
    """Raised when what the owner wrote is wrong. Carries all problems, never only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SettingsError(ConfigError):
    """Raised when an environment variable is missing, malformed or contradicts another."""


class CampaignError(ConfigError):
    """Raised when a file in campaigns/ cannot be used."""


class TemplateError(ConfigError):
    """Raised when a file in templates/ cannot be compiled or rendered."""


class SendError(AftercartError):
    """A provider did not, or not surely, take a message."""

    def __init__(self, words: str, *, provider: str, code: str = "") -> None:
        self.words, self.provider, self.code = words, provider, code
        super().__init__(f"{provider}: {words}" + (f" [{code}]" if code else ""))


class Refused(SendError):
    """Raised when this message will never be taken: bad address, opted out, content rejected.

    ``suppress`` names why the address should never be tried again, or is empty.
    """

    def __init__(
        self, words: str, *, provider: str, code: str = "", suppress: str = ""
    ) -> None:
        super().__init__(words, provider=provider, code=code)
        self.suppress = suppress


class Unavailable(SendError):
    """Raised when the message was surely not accepted and may be tried again later."""


class Throttled(Unavailable):
    """Raised when the provider said "not now" and when to come back (aware UTC)."""

    def __init__(
        self, words: str, *, provider: str, code: str = "", until: datetime
    ) -> None:
        super().__init__(words, provider=provider, code=code)
        self.until = until


class AccountProblem(SendError):
    """Raised when no message will be taken until a person acts: wrong key, no credit, account blocked."""


class Unclear(SendError):
    """Raised when the provider may have accepted the message and we cannot know. Never repeated blindly."""


class HookError(AftercartError):
    """Raised when a callback is not believed. Every cause looks the same from outside."""


class IllegalTransition(AftercartError):
    """Raised when a message is asked to move where the table of states has no arrow."""


class InputError(AftercartError):
    """Raised when a row, an event or an argument is not usable; the message says which and how to mend it."""
