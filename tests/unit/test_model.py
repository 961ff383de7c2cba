"""The nouns: ids that follow from facts, the table of states, ranks, and who agreed to what."""

import dataclasses
from dataclasses import FrozenInstanceError
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart import handover, model
from aftercart.errors import IllegalTransition
from aftercart.model import (
    REACHED,
    TRANSITIONS,
    Channel,
    Customer,
    Delivery,
    Purpose,
    State,
    check_transition,
    message_id,
)
from tests.people import ANN, CY


def test_an_id_never_changes_from_one_version_to_the_next() -> None:
    """This one was computed once and written down: another value would send everything again."""
    assert (
        message_id("recipe-follow-up", "c-7", "o-5", 0)
        == "37449d0d-53b3-5b9d-895c-8dc51809bbf7"
    )


_words = st.text(alphabet="abc-:#1", min_size=1, max_size=4)


@given(
    one=st.tuples(_words, _words, _words, st.integers(0, 1)),
    other=st.tuples(_words, _words, _words, st.integers(0, 1)),
)
def test_different_facts_have_different_ids(
    one: tuple[str, str, str, int], other: tuple[str, str, str, int]
) -> None:
    assert (message_id(*one) == message_id(*other)) is (one == other)


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_the_table_answers_for_every_pair(before: State, after: State) -> None:
    if after in TRANSITIONS[before]:
        check_transition(before, after)
    else:
        with pytest.raises(IllegalTransition, match=f"{before} .* {after}"):
            check_transition(before, after)


def test_what_was_accepted_is_never_sent_again_and_what_may_be_sent_was_scheduled() -> (
    None
):
    assert TRANSITIONS[State.ACCEPTED] == frozenset()
    assert State.SCHEDULED not in TRANSITIONS[State.UNKNOWN]
    into_sending = {s for s in State if State.SENDING in TRANSITIONS[s]}
    assert into_sending == {State.SCHEDULED}


def test_what_may_have_reached_a_person_counts_as_reached() -> None:
    assert set(REACHED) == {
        State.SENDING,
        State.ACCEPTED,
        State.UNCERTAIN,
        State.UNKNOWN,
    }


def test_words_of_delivery_are_ranked_from_queue_to_bounce() -> None:
    ranked = sorted(Delivery, key=lambda word: word.rank)

    assert ranked[:5] == [
        Delivery.NO_REPORT,
        Delivery.PROCESSED,
        Delivery.DEFERRED,
        Delivery.SENT,
        Delivery.DELIVERED,
    ]
    assert ranked[-1] is Delivery.BOUNCED
    assert len({word.rank for word in Delivery}) == len(Delivery)


@pytest.mark.parametrize(
    ("given_consent", "purpose", "channel", "agreed"),
    [
        ("email_marketing", Purpose.MARKETING, Channel.EMAIL, True),
        ("email_marketing", Purpose.MARKETING, Channel.SMS, False),
        ("email_marketing", Purpose.SURVEY, Channel.EMAIL, False),
        ("sms_marketing", Purpose.MARKETING, Channel.SMS, True),
        ("sms_marketing", Purpose.MARKETING, Channel.EMAIL, False),
        ("survey", Purpose.SURVEY, Channel.EMAIL, True),
        ("survey", Purpose.SURVEY, Channel.SMS, True),
        ("survey", Purpose.MARKETING, Channel.EMAIL, False),
        ("survey", Purpose.SERVICE, Channel.SMS, True),
    ],
)
def test_consent_covers_what_was_asked_and_nothing_else(
    given_consent: str, purpose: Purpose, channel: Channel, agreed: bool
) -> None:
    customer = Customer("c", **{given_consent: True})  # type: ignore[arg-type]

    assert customer.agreed(purpose, channel) is agreed


def test_an_address_belongs_to_its_channel() -> None:
    assert ANN.customer.address(Channel.EMAIL) == "ann@mail.example"
    assert ANN.customer.address(Channel.SMS) == "+447700900101"
    assert CY.customer.address(Channel.SMS) == ""


def test_every_noun_is_frozen() -> None:
    nouns = [
        noun
        for module in (model, handover)
        for noun in vars(module).values()
        if dataclasses.is_dataclass(noun) and noun.__module__ == module.__name__
    ]

    assert len(nouns) >= 9
    with pytest.raises(FrozenInstanceError):
        ANN.customer.email = "another"  # type: ignore[misc]
    assert all(noun.__dataclass_params__.frozen for noun in nouns)  # type: ignore[attr-defined]
