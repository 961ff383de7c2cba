"""A test of a message goes to the staff, looks like one, leaves no trace, and goes to nobody else."""

from dataclasses import replace

import pytest

from aftercart import trying
from aftercart.errors import InputError, Refused, SendError
from aftercart.model import Channel
from aftercart.previewing import preview
from aftercart.store import tables
from tests.people import ANN
from tests.verbs.stage import Stage

STAFF = ("eve@shop.example", "+447700900199")


@pytest.fixture
def staffed(scene: Stage) -> Stage:
    scene.rt.shop = replace(scene.rt.shop, staff=STAFF)
    return scene


def send(scene: Stage, name: str, to: str) -> str:
    seen = preview(scene.rt, name, customer_id=ANN.id)
    return trying.send(scene.rt, seen, campaign=name, to=to)


def test_somebody_of_the_staff_gets_it_marked_as_a_test(staffed: Stage) -> None:
    assert send(staffed, "birthday", " EVE@shop.example ") == "post"

    ((_, mail),) = staffed.post.sent
    assert mail.rendered.subject == "[Test] Happy birthday, Ann"
    assert mail.to.casefold() == "eve@shop.example"
    assert mail.headers == {}


def test_a_number_gets_the_text_and_not_the_mail(staffed: Stage) -> None:
    send(staffed, "delivery-delay", "+44 7700 900199")

    ((_, text),) = staffed.post.sent
    assert (text.channel, text.to) == (Channel.SMS, "+447700900199")
    assert text.rendered.text.startswith("[Test] Meadow Grocer: ")


@pytest.mark.parametrize(
    "to", ["eva@shop.example", "ann@shop.example", "+447700900101"]
)
def test_nobody_else_gets_one(staffed: Stage, to: str) -> None:
    with pytest.raises(InputError, match="not on the list of staff"):
        send(staffed, "birthday", to)

    assert staffed.post.sent == []


def test_a_slip_in_a_colleagues_address_is_told_with_the_one_that_was_meant(
    staffed: Stage,
) -> None:
    with pytest.raises(InputError, match=r"did you mean eve@shop\.example\?"):
        send(staffed, "birthday", "evee@shop.example")


def test_a_shop_without_staff_tests_with_nobody(scene: Stage) -> None:
    with pytest.raises(InputError, match=r"staff: \[eve@shop\.example\]"):
        send(scene, "birthday", "eve@shop.example")


def test_a_campaign_that_sends_no_text_says_so(staffed: Stage) -> None:
    with pytest.raises(InputError, match="sends nothing by sms"):
        send(staffed, "birthday", STAFF[1])


def test_a_test_is_nobodys_message(staffed: Stage) -> None:
    kept = [t for t in tables.metadata.sorted_tables if t.name != "marks"]
    before = [staffed.rows(table) for table in kept]

    send(staffed, "birthday", STAFF[0])

    assert [staffed.rows(table) for table in kept] == before


def test_a_provider_that_does_not_take_it_is_not_hidden(staffed: Stage) -> None:
    staffed.post.answers.append(Refused("no such mailbox", provider="post"))

    with pytest.raises(SendError, match="no such mailbox"):
        send(staffed, "birthday", STAFF[0])


def test_a_look_in_another_language_is_in_that_language(scene: Stage) -> None:
    (mail,) = preview(scene.rt, "recipe-follow-up", customer_id=ANN.id, locale="de_at")

    assert mail.locale == "de-AT"
    assert mail.rendered.text.startswith("Hallo Ann,")
    with pytest.raises(InputError, match="klingon"):
        preview(scene.rt, "recipe-follow-up", locale="klingon")
