"""What operators turn away: how much of it is an accident, and how much has to be held."""

from datetime import UTC, datetime, timedelta

from aftercart.channels import Reputation
from aftercart.handover import ProviderEvent
from aftercart.model import Channel, Delivery, Message, Purpose, State

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def told(
    blames: str = "", *, count: int = 1, campaign: str = "nudge", ended: bool = True
) -> list[tuple[ProviderEvent, Message]]:
    delivery = Delivery.UNDELIVERED if blames else Delivery.DELIVERED
    event = ProviderEvent(
        "key",
        "twilio",
        NOW,
        delivery=delivery if ended else Delivery.SENT,
        blames=blames,
        words="undelivered 30007",
    )
    message = Message(
        id="m",
        campaign=campaign,
        version="1",
        customer_id="ann",
        occurrence="o",
        leg=0,
        channel=Channel.SMS,
        purpose=Purpose.MARKETING,
        template=campaign,
        state=State.ACCEPTED,
        due_at=NOW,
        expires_at=NOW,
        created_at=NOW,
    )
    return [(event, message)] * count


def scopes(reputation: Reputation, what: list[tuple[ProviderEvent, Message]]) -> object:
    return [halt.scope for halt in reputation.heard(what, now=NOW)]


def test_three_filtered_in_a_hundred_and_fifty_hold_their_campaign_and_two_do_not() -> (
    None
):
    reputation = Reputation()

    assert scopes(reputation, told(count=147) + told("content", count=2)) == []
    assert scopes(reputation, told("content")) == ["campaign:nudge"]


def test_fewer_than_two_in_a_hundred_are_an_accident() -> None:
    assert scopes(Reputation(), told(count=200) + told("content", count=4)) == []


def test_another_campaign_goes_on() -> None:
    reputation = Reputation()

    assert scopes(
        reputation, told("content", count=2) + told("content", campaign="b")
    ) == ([])


def test_an_unregistered_sender_holds_the_channel_and_no_campaign() -> None:
    reputation = Reputation()

    assert scopes(reputation, told(count=27) + told("sender", count=3)) == [
        "channel:sms"
    ]
    assert scopes(Reputation(), told(count=40) + told("sender", count=4)) == []


def test_a_quarter_of_an_hour_later_it_is_forgotten() -> None:
    reputation = Reputation()
    reputation.heard(told("content", count=2), now=NOW)

    soon = reputation.heard([], now=NOW + 14 * MINUTE)
    late = reputation.heard(told("content"), now=NOW + 15 * MINUTE)

    assert (soon, late) == ([], [])


def test_what_is_under_way_counts_neither_for_nor_against() -> None:
    reputation = Reputation()

    assert scopes(reputation, told(ended=False, count=1000)) == []
    assert scopes(reputation, told("content", count=3)) == ["campaign:nudge"]


def test_it_says_how_many_and_in_the_operators_words() -> None:
    (halt,) = Reputation().heard(told("content", count=3), now=NOW)

    assert halt.words == (
        "operators turned 3 texts away within a quarter of an hour: undelivered 30007"
    )
