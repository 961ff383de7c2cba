"""`aftercart up` in one process and the providers in another: a small shop's whole life of a message."""

import urllib.request
from collections import Counter
from datetime import UTC, datetime

from tests.scenes.company import give_thanks, willing
from tests.scenes.gate import Gate, provider
from tests.scenes.house import COMMAND, House, wait_until
from tests.servers import free_port

MARKETING = [
    "answer-500-1@shop.example",
    "take-and-500-2@shop.example",
    "reset-3@shop.example",
    "take-and-reset-4@shop.example",
    "ann.5@shop.example",
]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_an_order_becomes_a_message_that_support_can_read_about(house: House) -> None:
    give_thanks(house)
    house.sandbox()
    house.up()

    answer = house.tell(*willing([7], now()))
    wait_until(lambda: house.sent(), what="a message at the provider")
    wait_until(
        lambda: (
            [row["delivery"] for row in house.log("--customer", "c-7")] == ["delivered"]
        ),
        what="its delivery in the log",
    )

    (entry,) = house.ledger()
    (row,) = house.log("--order", "o-7")
    explained = house.command("explain", "--customer", "c-7").stdout
    page = f"{house.environ['AFTERCART_PUBLIC_URL']}/console/messages/{row['id']}"
    with urllib.request.urlopen(page, timeout=10) as response:
        story = response.read().decode()
    assert answer == {"accepted": 2, "known": 0, "rejected": []}
    assert (entry["message"], entry["to"]) == (row["id"], "ann.7@shop.example")
    assert (row["state"], row["campaign"], row["reason"]) == (
        "accepted",
        "thanks",
        None,
    )
    assert "Thanks for Ann (c-7)" in explained
    assert "Thank you, Ann" in story


def test_what_was_answered_with_yes_survives_a_kill(house: House) -> None:
    give_thanks(house)
    house.sandbox()
    first = house.up()

    house.tell(*willing(range(20), now()))
    first.kill()
    house.up()
    # whatever the killed process had claimed is in doubt; all the rest goes out
    wait_until(
        lambda: (
            len(states := house.states()) == 20 and "scheduled" not in states.values()
        ),
        what="everything has moved",
    )

    states, sent = house.states(), house.sent()
    in_doubt = {id_ for id_, state in states.items() if state != "accepted"}
    assert len(states) == 20
    assert len(sent) == len(set(sent))
    assert set(states) - in_doubt <= set(sent)
    assert all(states[id_] in ("sending", "uncertain") for id_ in in_doubt)


def test_a_lost_answer_is_settled_by_proof_and_never_by_a_second_copy(
    house: House,
) -> None:
    give_thanks(house)
    house.sandbox()
    house.up()

    events = willing(range(1, 6), now())
    for event, address in zip(events[5:], MARKETING, strict=True):
        event["customer"]["email"] = address
    house.tell(*events)
    wait_until(
        lambda: sorted(house.states().values()) == ["accepted"] * 3 + ["uncertain"] * 2,
        what="three are proved, two are in doubt",
    )

    rows = {row["customer"]: row for row in house.rows().values()}
    tried = [entry["message"] for entry in house.ledger()]
    assert {c: (r["state"], r["reason"]) for c, r in rows.items()} == {
        "c-1": ("uncertain", "no_answer"),
        "c-2": ("accepted", "proof"),
        "c-3": ("uncertain", "no_answer"),
        "c-4": ("accepted", "proof"),
        "c-5": ("accepted", None),
    }
    assert len(tried) == len(set(tried)) == 5


def test_up_that_is_asked_to_stop_finishes_what_it_is_sending(house: House) -> None:
    give_thanks(house)

    with provider(house, Gate(pace=0.02)):
        running = house.up()
        house.tell(*willing(range(100), now()))
        wait_until(lambda: len(house.sent()) > 10, what="the middle of a batch")
        stopped = running.stop()

    states, sent = Counter(house.states().values()), house.sent()
    assert stopped == 0
    assert set(states) <= {"accepted", "scheduled"}
    assert states["accepted"] == len(sent) == len(set(sent)) > 10


def test_two_of_everything_on_one_database_do_no_harm(house: House) -> None:
    give_thanks(house)
    house.sandbox()
    house.up()
    house.start("up", COMMAND, "up", "--port", free_port())

    house.tell(*willing(range(30), now()))
    wait_until(lambda: len(house.sent()) >= 30, what="thirty messages")
    house.tell(*willing(range(30), now()))
    wait_until(
        lambda: set(house.states().values()) == {"accepted"}, what="all are accepted"
    )

    sent = house.sent()
    assert len(sent) == len(set(sent))
    assert set(house.states()) == set(sent)
