"""What an engineer types to set it up, run it, hold it and let it go."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

from aftercart.store import pauses
from tests.scenes import history
from tests.scenes.house import REPOSITORY, House, wait_until
from tests.servers import free_port

pytestmark = pytest.mark.slow


def paused(house: House) -> set[str]:
    with house.store() as store, store.read() as tx:
        return set(pauses.paused(tx))


def test_check_says_that_all_is_fine_and_hides_what_is_secret(house: House) -> None:
    shown = house.command("check").stdout

    assert shown.splitlines()[-1] == "campaigns, templates and settings are fine"
    assert "AFTERCART_SECRET_KEY  (set)" in shown
    assert house.environ["AFTERCART_SECRET_KEY"] not in shown


def test_check_shows_every_mistake_at_its_place_with_its_line_and_how_to_mend_it(
    house: House,
) -> None:
    campaign = house.folder / "campaigns" / "nps-survey.yaml"
    campaign.write_text(campaign.read_text().replace("tuesdays", "tusdays"))
    template = house.folder / "templates" / "reorder-nudge" / "subject.txt"
    template.write_text("Hello {{ customer.frist_name }}\n")
    house.environ["AFTERCART_EMIAL"] = "outbox"

    shown = house.command("check", expect=1).stdout
    listed = json.loads(house.command("check", "--format", "json", expect=1).stdout)
    github = house.command("check", "--format", "github", expect=1).stdout

    lines = shown.splitlines()
    place = next(
        n
        for n, text in enumerate(lines)
        if text.startswith("campaigns/nps-survey.yaml:")
    )
    assert "tusdays" in lines[place + 1]
    assert lines[place + 2].strip() == "^"
    assert 'did you mean "first_name"' in shown
    assert "environment AFTERCART_EMIAL" in shown
    assert lines[-1] == "3 problems in 3 files"
    assert {"file", "line", "column", "message", "hint"} == listed[0].keys()
    assert len(listed) == len(github.splitlines()) == 3
    assert "::error file=campaigns/nps-survey.yaml,line=" in github


def test_a_mistake_in_a_campaign_ends_every_command_with_1_one_in_a_setting_with_2(
    house: House,
) -> None:
    campaign = house.folder / "campaigns" / "nps-survey.yaml"
    good = campaign.read_text()

    campaign.write_text(good.replace("purpose: survey", "purpose: servey"))
    broken = house.command("log", expect=1).stderr
    campaign.write_text(good)
    house.environ["AFTERCART_EMAIL"] = "pigeon"
    unset = house.command("log", expect=2).stderr

    assert "campaigns/nps-survey.yaml:" in broken
    assert "environment AFTERCART_EMAIL" in unset
    assert "'pigeon' is not one of sendgrid, smtp, outbox" in unset


def test_a_database_that_cannot_be_opened_ends_with_2_and_its_own_words(
    house: House,
) -> None:
    said = []
    for url in (
        f"postgresql://127.0.0.1:{free_port()}/nothing",
        f"sqlite:///{house.folder / 'campaigns/shop/shop.yaml'}",
    ):
        house.environ["AFTERCART_DATABASE_URL"] = url
        said.append(house.command("log", expect=2).stderr)

    assert all("environment AFTERCART_DATABASE_URL" in words for words in said)
    assert not any("Traceback" in words for words in said)


def test_the_schema_is_the_one_that_stands_beside_the_campaigns(house: House) -> None:
    printed = house.command("schema").stdout

    shipped = json.loads((REPOSITORY / "campaigns" / "schema.json").read_text())
    assert json.loads(printed) == shipped


def test_the_database_is_upgraded_as_often_as_one_likes(house: House) -> None:
    first = house.command("db", "upgrade").stdout
    again = house.command("db", "upgrade").stdout

    assert first == again == "the database is up to date\n"


def test_an_import_keeps_good_rows_lists_bad_ones_and_changes_nothing_twice(
    house: House,
) -> None:
    people = house.folder / "customers.csv"
    history.write_customers(people)
    with people.open("a") as file:
        file.write("c-bad,Bo,not-an-address,,Europe/London,GB,yes,no,yes\n")

    first = house.command("import", "customers", people, expect=1).stdout
    again = house.command("import", "customers", people, expect=1).stdout
    missing = house.command("import", "orders", "nothing.csv", expect=2).stderr

    assert f"{people}: row 61 (line 62): email:" in first
    assert "61 rows read, 61 added, 0 known already" in first
    assert "61 rows read, 0 added, 61 known already" in again
    assert "nothing.csv" in missing


def test_a_pause_is_written_down_by_its_scope_and_lifted_by_it(house: House) -> None:
    told = [house.command("pause", scope).stdout for scope in ("nps-survey", "all")]
    held = paused(house)
    lifted = [house.command("resume", scope).stdout for scope in ("all", "all")]
    wrong = house.command("pause", "nps-servey", expect=2).stderr

    assert told == ["paused: campaign:nps-survey\n", "paused: all\n"]
    assert held == {"campaign:nps-survey", "all"}
    assert lifted == ["resumed: all\n", "all was not paused\n"]
    assert paused(house) == {"campaign:nps-survey"}
    assert 'did you mean "nps-survey"?' in wrong


def test_the_sandbox_prints_the_settings_that_lead_to_it_and_stops_when_asked(
    house: House,
) -> None:
    sandbox = house.sandbox()

    stopped = sandbox.stop()

    assert stopped == 0
    assert house.environ["AFTERCART_EMAIL"] == "sendgrid"
    assert house.environ["AFTERCART_TWILIO_BASE_URL"].startswith("http://127.0.0.1:")
    assert house.command("check").returncode == 0


def test_the_sandbox_gives_a_first_try_all_that_up_needs(house: House) -> None:
    del house.environ["AFTERCART_SECRET_KEY"], house.environ["AFTERCART_API_TOKEN"]
    house.sandbox()

    printed = house.environ["AFTERCART_API_TOKEN"]
    checked = house.command("check").returncode
    house.up()

    assert printed == "sandbox-token"
    assert checked == 0


def test_a_port_that_somebody_else_has_is_named(house: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = [
            house.command(name, "--port", port, expect=2).stderr
            for name in ("up", "web", "sandbox", "demo")
        ]

    assert not (house.folder / "var/demo").exists()
    assert all(f"127.0.0.1:{port} cannot be had" in words for words in said)
    assert all("--port" in words for words in said)


def test_up_stops_when_asked_and_says_where_the_console_is(house: House) -> None:
    running = house.up()

    stopped = running.stop()

    assert stopped == 0
    assert f"console  {house.environ['AFTERCART_PUBLIC_URL']}/console" in running.words
    assert "Traceback" not in running.words


def test_up_says_at_once_what_goes_to_a_file_and_to_nobody(house: House) -> None:
    alone = house.up()
    alone.stop()
    house.sandbox()

    provided = house.up()
    provided.stop()

    outbox = house.environ.get("AFTERCART_OUTBOX", "var/outbox.ndjson")
    assert f"e-mails go to {outbox} and to nobody: no provider is set" in alone.words
    assert f"texts go to {outbox} and to nobody: no provider is set" in alone.words
    assert "to nobody" not in provided.words


def test_up_says_when_mails_would_go_out_under_the_sender_that_is_shipped(
    house: House,
) -> None:
    house.environ |= {
        "AFTERCART_EMAIL": "smtp",
        "AFTERCART_SMTP_URL": "smtp://127.0.0.1:1",
    }

    shipped = house.up()
    shipped.stop()
    house.environ["AFTERCART_EMAIL_FROM"] = "Ann's shop <ann@anns-shop.test>"
    own = house.up()
    own.stop()

    assert "no provider takes: set AFTERCART_EMAIL_FROM" in shipped.words
    assert "AFTERCART_EMAIL_FROM" not in own.words


def test_the_log_is_followed_until_somebody_has_seen_enough(house: House) -> None:
    house.command("db", "upgrade")
    following = house.start(
        "log",
        Path(subprocess.sys.executable).with_name("aftercart"),
        "log",
        "--follow",
        "--json",
    )  # type: ignore[attr-defined]
    wait_until(lambda: following.running, what="it runs")

    ended = following.stop()

    assert ended in (0, -15, 130, 143)
    assert "Traceback" not in following.words


@pytest.mark.parametrize(
    ("settings", "arguments", "words"),
    [
        ({}, ["--from", "2017-03-05", "--to", "2017-03-01"], "--from 2017-03-05 is after --to 2017-03-01"),
        ({}, ["--from", "x", "--to", "2017-03-01"], "are dates such as 2017-03-01"),
        ({}, ["--from", "2017-03-01", "--to", "2017-03-01", "--workers", "2"], "set AFTERCART_BROKER_URL"),
        ({"BROKER_URL": "redis://127.0.0.1:1/0"}, ["--from", "2017-03-01", "--to", "2017-03-01"], "--workers"),
        (
            {"EMAIL": "sendgrid", "SENDGRID_API_KEY": "SG.real"},
            ["--from", "2017-03-01", "--to", "2017-03-01"],
            "a real provider is set, and a replay must not reach anybody",
        ),
    ],
)  # fmt: skip
def test_a_replay_that_cannot_be_meant_ends_with_2_and_says_why(
    house: House, settings: dict[str, str], arguments: list[str], words: str
) -> None:
    house.environ |= {f"AFTERCART_{name}": value for name, value in settings.items()}

    done = house.command("replay", *arguments, expect=2)

    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_replay_of_days_without_orders_says_which_there_are_and_costs_nothing(
    house: House,
) -> None:
    history.write_customers(house.folder / "customers.csv")
    history.write_orders(house.folder / "orders.csv")
    days = ("--from", "2031-03-01", "--to", "2031-03-02")

    empty = house.command("replay", *days, expect=2).stderr
    house.command("import", "customers", "customers.csv")
    house.command("import", "orders", "orders.csv")
    wrong = house.command("replay", *days, expect=2).stderr
    right = house.command("replay", "--from", history.FROM, "--to", history.FROM)

    assert "this database has no orders to replay" in empty
    assert "no order was placed in these days; the orders that are known reach" in wrong
    assert right.returncode == 0


def test_a_demo_with_a_real_provider_is_refused_and_one_s_database_is_not_for_up(
    played: House, house: House
) -> None:
    house.environ |= {
        "AFTERCART_EMAIL": "sendgrid",
        "AFTERCART_SENDGRID_API_KEY": "SG.real",
    }

    demo = house.command("demo", "--exit", expect=2).stderr
    up = played.command("up", expect=2).stderr

    assert "a real provider is set" in demo
    assert "this database belongs to a demo or a replay" in up
