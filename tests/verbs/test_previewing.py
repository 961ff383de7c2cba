"""What a customer would see: every shipped campaign, with sample words and with the customer's own, and nothing is sent."""

import pytest

from aftercart.errors import InputError
from aftercart.model import Channel
from aftercart.previewing import preview
from aftercart.store import tables
from tests.people import ANN, CY
from tests.verbs.stage import DAY, HOUR, MONDAY, Stage, shipped

CAMPAIGNS = sorted(shipped()[0])


@pytest.mark.parametrize("who", [None, ANN.id, CY.id])
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_campaign_can_be_seen_by_anybody(
    scene: Stage, name: str, who: str | None
) -> None:
    seen = preview(scene.rt, name, customer_id=who)

    assert seen
    for one in seen:
        assert one.rendered.text.strip()
        if one.channel is Channel.EMAIL:
            assert one.rendered.subject.strip()
            assert "</html>" in one.rendered.html
            assert one.preview_text.strip()


def test_a_delay_is_seen_by_text_and_by_mail(scene: Stage) -> None:
    seen = preview(scene.rt, "delivery-delay")

    assert [one.channel for one in seen] == [Channel.SMS, Channel.EMAIL]


def test_a_recipe_is_chosen_from_the_customers_own_orders(scene: Stage) -> None:
    scene.tell("order.placed", ANN, order="o-1", items=["chicken", "potatoes"])
    scene.now = MONDAY + DAY
    scene.tell("order.placed", ANN, order="o-2", items=["tea"])

    (mail,) = preview(scene.rt, "recipe-follow-up", customer_id=ANN.id)

    assert "Hello Ann" in mail.rendered.text
    assert "chicken" in mail.rendered.text.lower()
    assert "Monday" in mail.rendered.text


def test_a_nudge_names_the_customers_own_staples(scene: Stage) -> None:
    for days in (28, 14, 0):
        at = MONDAY - days * DAY
        scene.tell("order.placed", ANN, at=at, order=f"o-{days}", items=["coffee"])

    (mail,) = preview(scene.rt, "reorder-nudge", customer_id=ANN.id)

    assert "coffee" in mail.rendered.text


def test_a_look_leaves_no_trace(scene: Stage) -> None:
    scene.tell("order.placed", ANN, order="o-1", promised_at=MONDAY + HOUR)
    kept = (tables.messages, tables.message_events, tables.enrollments, tables.rhythms)
    before = [scene.rows(table) for table in kept]

    for name in CAMPAIGNS:
        preview(scene.rt, name, customer_id=ANN.id)

    assert [scene.rows(table) for table in kept] == before
    assert scene.post.sent == []


def test_what_is_not_there_is_answered_in_words(scene: Stage) -> None:
    with pytest.raises(InputError, match=r'did you mean "nps-survey"\?'):
        preview(scene.rt, "nps-survy")
    with pytest.raises(InputError, match='no customer "nobody"'):
        preview(scene.rt, "nps-survey", customer_id="nobody")
