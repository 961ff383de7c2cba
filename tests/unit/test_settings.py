"""What the environment says: all mistakes at once, secrets from files, and nothing shown that must not be."""

import pytest

from aftercart import settings
from aftercart.errors import SettingsError
from aftercart.settings import Settings

SENDGRID = {
    "AFTERCART_EMAIL": "sendgrid",
    "AFTERCART_SENDGRID_API_KEY": "SG.x",
    "AFTERCART_SECRET_KEY": "0123456789abcdef",
}


def _problems(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        settings.read(environ)
    return {
        p.file.removeprefix("environment "): p.message for p in caught.value.problems
    }


def test_an_empty_environment_is_a_working_one() -> None:
    chosen = settings.read({"HOME": "/root", "PATH": "/bin"})

    assert chosen == Settings()
    assert (chosen.email_provider, chosen.sms_provider) == ("outbox", "outbox")


def test_values_come_from_their_variables() -> None:
    chosen = settings.read(
        SENDGRID
        | {
            "AFTERCART_DATABASE_URL": "postgresql://db/aftercart",
            "AFTERCART_SENDS_IN_FLIGHT": "25",
            "AFTERCART_ROOT": "/shop",
        }
    )

    assert chosen.database_url == "postgresql://db/aftercart"
    assert chosen.sends_in_flight == 25
    assert chosen.email_provider == "sendgrid"
    assert chosen.folder.as_posix() == "/shop"


def test_a_wrong_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.read({"AFTERCART_DATABSE_URL": "x"})

    (problem,) = caught.value.problems
    assert "AFTERCART_DATABSE_URL" in str(problem)
    assert "AFTERCART_DATABASE_URL" in problem.hint


def test_all_mistakes_are_told_at_once() -> None:
    problems = _problems(
        {
            "AFTERCART_EMAIL": "pigeon",
            "AFTERCART_SENDS_IN_FLIGHT": "many",
            "AFTERCART_BROKER_URL": "localhost",
            "AFTERCART_NO_SUCH": "1",
        }
    )

    assert set(problems) == {
        "AFTERCART_EMAIL",
        "AFTERCART_SENDS_IN_FLIGHT",
        "AFTERCART_BROKER_URL",
        "AFTERCART_NO_SUCH",
    }
    assert "sendgrid, smtp, outbox" in problems["AFTERCART_EMAIL"]
    assert "scheme" in problems["AFTERCART_BROKER_URL"]


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "", "١٢x"])
def test_a_number_is_whole_and_above_nothing(number: str) -> None:
    assert "AFTERCART_SENDS_IN_FLIGHT" in _problems(
        {"AFTERCART_SENDS_IN_FLIGHT": number}
    )


def test_a_secret_may_come_from_a_file() -> None:
    chosen = settings.read(
        {"AFTERCART_SECRET_KEY_FILE": "/run/secrets/key"},
        read_file=lambda path: f"{path}\n",
    )

    assert chosen.secret_key == "/run/secrets/key"


def test_a_secret_from_a_file_and_from_the_environment_is_one_too_many() -> None:
    problems = _problems(
        {"AFTERCART_SECRET_KEY": "a", "AFTERCART_SECRET_KEY_FILE": "/x"}
    )

    assert "not both" in problems["AFTERCART_SECRET_KEY_FILE"]


def test_a_file_that_cannot_be_read_is_named() -> None:
    problems = _problems({"AFTERCART_SECRET_KEY_FILE": "/no/such/file"})

    assert "cannot be read" in problems["AFTERCART_SECRET_KEY_FILE"]


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({"AFTERCART_EMAIL": "sendgrid"}, "AFTERCART_SENDGRID_API_KEY"),
        ({"AFTERCART_EMAIL": "smtp"}, "AFTERCART_SMTP_URL"),
        ({"AFTERCART_SMS": "twilio"}, "AFTERCART_TWILIO_ACCOUNT_SID"),
        ({"AFTERCART_SMS": "twilio"}, "AFTERCART_TWILIO_AUTH_TOKEN"),
        ({"AFTERCART_SMS": "twilio"}, "AFTERCART_TWILIO_FROM"),
        (SENDGRID | {"AFTERCART_SECRET_KEY": "short"}, "AFTERCART_SECRET_KEY"),
    ],
)
def test_a_provider_that_is_set_needs_its_partners(
    environ: dict[str, str], missing: str
) -> None:
    assert missing in _problems(environ)


def test_with_its_partners_it_is_complete() -> None:
    assert settings.read(SENDGRID).sendgrid_api_key == "SG.x"


def test_secrets_are_never_shown() -> None:
    chosen = settings.read(SENDGRID | {"AFTERCART_API_TOKEN": "a-token"})

    for shown in (repr(chosen), str(chosen.masked())):
        for secret in ("SG.x", "0123456789abcdef", "a-token"):
            assert secret not in shown
    masked = chosen.masked()
    assert masked["AFTERCART_SENDGRID_API_KEY"] == "(set)"
    assert masked["AFTERCART_TWILIO_AUTH_TOKEN"] == ""


def test_a_password_inside_an_address_is_never_shown() -> None:
    chosen = settings.read(
        {
            "AFTERCART_DATABASE_URL": "postgresql://shop:hush-hush@db:5432/aftercart",
            "AFTERCART_BROKER_URL": "redis://:hush-hush@redis:6379/0",
        }
    )

    masked = chosen.masked()

    assert "hush-hush" not in repr(chosen)
    assert masked["AFTERCART_DATABASE_URL"] == "postgresql://shop:…@db:5432/aftercart"
    assert masked["AFTERCART_BROKER_URL"] == "redis://:…@redis:6379/0"
