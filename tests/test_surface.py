"""The names that users know by heart: commands, settings, addresses, words. A name may join; none may go or change."""

from dataclasses import fields
from typing import Any

import pytest
import typer

from aftercart.cli import commands
from aftercart.messagelog import WORDS
from aftercart.model import Channel, Purpose, State
from aftercart.reasons import Code
from aftercart.runtime import Runtime
from aftercart.settings import PREFIX, Settings
from aftercart.web import create_app

COMMANDS = {
    *("check", "db", "demo", "explain", "import", "log", "pause", "preview"),
    *("replay", "resume", "sandbox", "schema", "up", "web"),
    *("backtest", "cancel", "plan", "results", "test"),
}
SETTINGS = {
    *("DATABASE_URL", "BROKER_URL", "PUBLIC_URL", "SECRET_KEY", "EMAIL", "SMS"),
    *("SENDGRID_API_KEY", "SENDGRID_BASE_URL", "SENDGRID_WEBHOOK_KEY"),
    *("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_BASE_URL", "TWILIO_FROM"),
    *("TWILIO_MESSAGING_SERVICE_SID", "SMTP_URL"),
}
ADDRESSES = {
    *("/v1/events", "/hooks/sendgrid", "/hooks/twilio/status/{message}"),
    *("/hooks/twilio/inbound", "/u/{token}", "/s/{token}"),
    *("/healthz", "/readyz", "/metrics", "/console"),
}


def test_the_commands_are_there() -> None:
    command = typer.main.get_command(commands())

    assert set(command.commands) >= COMMANDS  # type: ignore[attr-defined]


def test_the_settings_are_there() -> None:
    assert PREFIX == "AFTERCART_"
    assert {f.name.upper() for f in fields(Settings)} >= SETTINGS


def test_secrets_do_not_show_in_what_is_printed() -> None:
    secret = "do-not-show-this"
    names = [f.name for f in fields(Settings) if f.metadata.get("secret")]
    shown = Settings(**dict.fromkeys(names, secret))

    assert {"secret_key", "sendgrid_api_key", "twilio_auth_token"} <= set(names)
    assert secret not in repr(shown)
    assert secret not in str(shown.masked())


def test_the_addresses_are_there() -> None:
    rt: Any = Runtime(
        settings=Settings(),
        store=None,  # type: ignore[arg-type]
        clock=None,  # type: ignore[arg-type]
        campaigns={},
        shop=None,  # type: ignore[arg-type]
        renderer=None,  # type: ignore[arg-type]
    )

    paths = {getattr(route, "path", "") for route in _routes(create_app(rt).routes)}

    assert paths >= ADDRESSES


def _routes(routes: Any) -> Any:
    for route in routes:
        yield route
        yield from _routes(getattr(route, "routes", None) or [])


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (
            State,
            "scheduled sending accepted uncertain unknown failed skipped expired cancelled",
        ),
        (Channel, "email sms"),
        (Purpose, "marketing survey service"),
    ],
)
def test_the_words_of_the_log_are_those_that_exports_know(
    words: Any, known: str
) -> None:
    assert {word.value for word in words} == set(known.split())


def test_every_reason_is_a_word_that_can_be_counted_by() -> None:
    for code in Code:
        assert code.value == code.name.lower()


def test_every_state_that_a_message_can_reach_has_a_word_in_the_story() -> None:
    assert {s.value for s in State} - {"scheduled"} <= set(WORDS)
