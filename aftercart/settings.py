"""What the environment says: AFTERCART_* to one frozen object, all mistakes at once.

Nothing else reads the environment, and nothing reads it at import time. A secret may come from a file: set its `_FILE` twin.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aftercart.errors import Problem, SettingsError
from aftercart.spelling import did_you_mean

PREFIX = "AFTERCART_"
#: What stands between the user and the host of an address.
_PASSWORD = re.compile(r"(://[^:@/]*:)[^@/]+@")


def _secret(default: str = "") -> Any:
    return field(default=default, repr=False, metadata={"secret": True})


def _choice(*words: str) -> Any:
    return field(default="", metadata={"choice": ("", *words)})


@dataclass(frozen=True)
class Settings:
    """Every setting, by its name in lower case. Empty means: not set."""

    database_url: str = field(default="sqlite:///aftercart.db", repr=False)
    broker_url: str = field(
        default="", repr=False
    )  #: empty: in-process; redis:// or amqp:// for a cluster
    deployment_id: str = ""  #: what this installation is called, and its copy is not
    public_url: str = "http://127.0.0.1:8025"  #: how customers and providers reach us
    secret_key: str = _secret()  #: signs links, keys the suppression list
    api_token: str = _secret()  #: the bearer token of POST /v1/events
    console_password: str = (
        _secret()
    )  #: empty: the console answers to this machine only
    email: str = _choice("sendgrid", "smtp", "outbox")
    sms: str = _choice("twilio", "outbox")
    email_from: str = "Aftercart <hello@shop.example>"
    sendgrid_api_key: str = _secret()
    sendgrid_base_url: str = "https://api.sendgrid.com"
    sendgrid_webhook_key: str = (
        ""  #: the public key that SendGrid shows for signed events
    )
    twilio_account_sid: str = ""
    twilio_auth_token: str = _secret()
    twilio_base_url: str = "https://api.twilio.com"
    twilio_from: str = ""
    twilio_messaging_service_sid: str = ""
    smtp_url: str = _secret()
    outbox: str = "var/outbox.ndjson"  #: where messages go when no provider is set
    root: str = "."  #: the folder with campaigns/ and templates/
    #: messages that one thread of a worker hands to a provider at a time: so many may be in doubt when it dies
    sends_in_flight: int = 100
    email_per_second: int = (
        0  #: no faster than this, all processes together; 0: as fast as it goes
    )
    sms_per_second: int = 0
    treat_503_as_unknown: str = _choice(
        "yes"
    )  #: a 503 leaves a message in doubt: for who prefers a loss to any risk of a copy

    @property
    def folder(self) -> Path:
        return Path(self.root)

    @property
    def email_provider(self) -> str:
        """The chosen mail provider; the outbox when none is set."""
        return self.email or "outbox"

    @property
    def sms_provider(self) -> str:
        """The chosen SMS provider; the outbox when none is set."""
        return self.sms or "outbox"

    def masked(self) -> dict[str, str]:
        """Every setting as text, secrets hidden, those inside an address too, for `aftercart check`."""
        return {
            f"{PREFIX}{f.name.upper()}": (
                "(set)"
                if f.metadata.get("secret") and getattr(self, f.name)
                else _PASSWORD.sub(r"\1…@", str(getattr(self, f.name)))
            )
            for f in fields(self)
        }


def read(
    environ: Mapping[str, str],
    *,
    read_file: Callable[[str], str] = lambda p: Path(p).read_text(),
) -> Settings:
    """Settings from an environment.

    Raises:
        SettingsError: with one problem for every variable that is unknown, malformed or missing its partner.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    known = {f"{PREFIX}{f.name.upper()}": f for f in fields(Settings)}

    def wrong(name: str, message: str, hint: str = "") -> None:
        problems.append(Problem(f"environment {name}", 0, 0, message, hint))

    for name, text in environ.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removesuffix("_FILE") if name not in known else name
        if key not in known:
            wrong(name, "no such setting", did_you_mean(name, known))
            continue
        if key != name:
            if key in environ:
                wrong(name, f"set either {key} or {name}, not both")
                continue
            try:
                text = read_file(text).strip()
            except OSError as error:
                wrong(name, f"the file cannot be read: {error}")
                continue
        spec = known[key]
        try:
            values[spec.name] = _convert(spec, text)
        except ValueError as error:
            wrong(name, str(error))
    settings = Settings(**values)
    problems += _contradictions(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _convert(spec: Any, text: str) -> Any:
    if spec.type is int or spec.type == "int":
        least = 0 if spec.default == 0 else 1
        if not text.isdigit() or int(text) < least:
            raise ValueError(f"{text!r} is not a whole number from {least} on")
        return int(text)
    choices = spec.metadata.get("choice")
    if choices and text not in choices:
        raise ValueError(f"{text!r} is not one of {', '.join(filter(None, choices))}")
    if spec.name.endswith("_url") and text and not urlsplit(text).scheme:
        raise ValueError(
            f"{text!r} is not a URL; it needs a scheme such as https:// or sqlite:///"
        )
    return text


def _contradictions(s: Settings) -> list[Problem]:
    needed = {
        "sendgrid": (s.email == "sendgrid", ["sendgrid_api_key"]),
        "smtp": (s.email == "smtp", ["smtp_url"]),
        "twilio": (s.sms == "twilio", ["twilio_account_sid", "twilio_auth_token"]),
    }
    problems = [
        Problem(
            f"environment {PREFIX}{name.upper()}",
            0,
            0,
            f"is needed when {provider} sends",
        )
        for provider, (chosen, names) in needed.items()
        for name in names
        if chosen and not getattr(s, name)
    ]
    if s.sms == "twilio" and not (s.twilio_from or s.twilio_messaging_service_sid):
        problems.append(
            Problem(
                f"environment {PREFIX}TWILIO_FROM",
                0,
                0,
                f"a sender is needed: set it or {PREFIX}TWILIO_MESSAGING_SERVICE_SID",
            )
        )
    real = {s.email_provider, s.sms_provider} - {"outbox"}
    if real and len(s.secret_key) < 16:
        problems.append(
            Problem(
                f"environment {PREFIX}SECRET_KEY",
                0,
                0,
                "needs at least 16 characters when a provider is set: it signs every link in a message",
            )
        )
    return problems
