"""What support and marketing type to be told something: log, explain, preview, and the summary of a demo."""

import json
import re
import subprocess
from collections import Counter

import pytest

from tests.scenes.house import COMMAND, House

pytestmark = pytest.mark.slow
#: Names and meanings that other programs rely on.
PROMISED = {
    "id", "campaign", "customer", "channel", "state", "reason", "due_at", "accepted_at",
}  # fmt: skip


def test_the_demo_ends_with_a_table_and_a_line_for_a_chat(played: House) -> None:
    summary = (played.folder / "summary.txt").read_text()

    states = Counter(row["state"] for row in played.log())

    last = summary.strip().splitlines()[-1]
    total, sent = sum(states.values()), states["accepted"]
    assert summary.startswith("Meadow Grocer, 500 customers, ")
    assert last.startswith(f"{sent:,} of {total:,} messages sent by ")
    assert "no consent" in summary


def test_the_demo_leaves_a_ledger_that_agrees_with_the_log(played: House) -> None:
    sent = played.sent()

    accepted = {row["id"] for row in played.log("--state", "accepted")}

    assert len(sent) == len(set(sent))
    assert set(sent) == accepted


def test_a_demo_that_is_played_again_is_the_same_and_sends_nobody_twice(
    played: House,
) -> None:
    first = [(e["message"], e["at"], e["status"]) for e in played.ledger()]

    played.command("demo", "--days", 2, "--exit", "--ledger", played.ledger_file)

    again = [(e["message"], e["at"], e["status"]) for e in played.ledger()]
    assert sorted(again) == sorted(first)


def test_the_log_is_one_object_a_line_with_the_promised_names(played: House) -> None:
    printed = played.command("log", "--json", "--limit", 5).stdout.splitlines()

    rows = [json.loads(line) for line in printed]

    assert len(rows) == 5
    assert all(row.keys() >= PROMISED for row in rows)
    assert all(line.startswith('{"id":"') for line in printed)


def test_the_log_is_filtered_by_person_order_campaign_state_and_time(
    played: House,
) -> None:
    everything = played.log()
    one = next(row for row in everything if row["order"])

    hers = played.log("--customer", one["customer"], "--order", one["order"])
    others = played.log(
        "--campaign", "reorder-nudge", "--state", "skipped", "--since", "2026-03-22"
    )

    assert hers == [r for r in everything if r["order"] == one["order"]]
    assert others == [
        r
        for r in everything
        if (r["campaign"], r["state"]) == ("reorder-nudge", "skipped")
        and r["created_at"] >= "2026-03-22"
    ]
    assert hers
    assert others


def test_the_log_reads_aloud_and_says_what_to_do_when_nothing_fits(
    played: House,
) -> None:
    shown = played.command("log", "--state", "skipped", "--limit", 3).stdout
    nothing = played.command("log", "--customer", "nobody").stdout

    assert "The customer has not agreed to marketing by e-mail." in shown
    assert shown.splitlines()[-1] == (
        "3 messages, the last to be planned first, each on its customer's clock; --limit 0 shows all"
    )
    assert nothing.strip() == "no message fits; leave out a filter"


def test_an_empty_log_names_the_database_that_was_asked(house: House) -> None:
    house.environ["AFTERCART_DATABASE_URL"] = "sqlite:///other.db"

    shown = house.command("log").stdout

    assert shown == (
        "no message so far in sqlite:///other.db; AFTERCART_DATABASE_URL names another database\n"
    )


def test_the_log_may_be_cut_off_by_the_next_command(played: House) -> None:
    piped = subprocess.run(
        ["/bin/sh", "-c", f"{COMMAND} log --json --limit 0 | head -1"],
        cwd=played.folder,
        env={"PATH": "/usr/bin:/bin", **played.environ},
        capture_output=True,
        text=True,
        check=False,
    )

    assert json.loads(piped.stdout)["id"]
    assert "Traceback" not in piped.stderr


def test_explain_shows_each_check_with_its_value_and_its_line(played: House) -> None:
    skipped = played.log("--state", "skipped")[0]

    shown = played.command("explain", "--customer", skipped["customer"]).stdout
    printed = played.command(
        "explain", "--customer", skipped["customer"], "--campaign", "reorder-nudge", "--json",
    ).stdout  # fmt: skip

    (told,) = [json.loads(line) for line in printed.splitlines()]
    assert "has not agreed to marketing by e-mail" in shown
    assert "campaigns/reorder-nudge.yaml:" in shown
    assert re.search(r" for \w+ \(c-\d+\)  times in \w+/\w+$", shown, re.MULTILINE)
    assert re.search(
        r"^  [MTWFS]\w\w [ \d]\d \w{3} \d\d:\d\d  skipped  ", shown, re.MULTILINE
    )
    assert told["messages"][0]["id"] == skipped["id"]
    assert {"check", "seen", "needed", "outcome", "place"} <= told["entry"][0].keys()


def test_a_preview_is_a_page_and_words_for_a_person_or_for_nobody(
    played: House,
) -> None:
    somebody = played.log("--campaign", "reorder-nudge", "--state", "accepted")[0]

    own = played.command("preview", "reorder-nudge", "--customer", somebody["customer"])
    text = played.command("preview", "delivery-delay").stdout

    page = (played.folder / "var/preview/reorder-nudge.html").read_text()
    assert "<html" in page
    assert "var/preview/reorder-nudge.html" in own.stdout
    assert "SMS · 1 part(s)" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["log", "--since", "yesterdayish"], 'error: --since: "yesterdayish" is not a date; write 2026-03-02 or 2026-03-02T10:00Z'),
        (["explain", "--customer", "nobody"], 'error: there is no customer "nobody"'),
        (["explain", "--customer", "c-1", "--campaign", "nps-servey"], 'did you mean "nps-survey"?'),
        (["preview", "recipe-folow-up"], 'did you mean "recipe-follow-up"?'),
        (["log", "--state", "lost"], "'lost' is not one of"),
        (["log", "--campaign", "nps-servey"], 'error: there is no campaign "nps-servey"; did you mean "nps-survey"?'),
        (["log", "--campaign", "nps-servey", "--json"], 'did you mean "nps-survey"?'),
        (["frobnicate"], "No such command 'frobnicate'"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_ends_with_2_and_says_why(
    played: House, arguments: list[str], words: str
) -> None:
    done = played.command(*arguments, expect=2)

    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_results_say_what_a_campaign_does_and_what_is_missing_to_compare(
    played: House,
) -> None:
    said = played.command("results").stdout

    assert "recipe-follow-up: order.placed within 7 days" in said
    assert re.search(r"^got it +\d+ +\d+", said, re.MULTILINE)
    assert 'without "holdout: 5%" there is nothing to compare with' in said


def test_results_for_a_program_have_both_sides(played: House) -> None:
    (line,) = played.command("results", "reorder-nudge", "--json").stdout.splitlines()

    told = json.loads(line)
    assert told["goal"] == {"event": "order.placed", "days": 7}
    assert {"people", "converted", "worth_each"} <= told["got"].keys()
    assert told["held"]["people"] == 0


def test_a_campaign_without_a_goal_has_no_results(played: House) -> None:
    said = played.command("results", "nps-survey", expect=2).stderr

    assert "the campaign nps-survey has no goal" in said
