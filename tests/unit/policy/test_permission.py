"""May we write to this person at all?"""

from datetime import UTC, datetime

import pytest

from aftercart.model import Channel, Customer, Purpose
from aftercart.policy import Skip, permission
from aftercart.reasons import Code
from tests.people import ANN, BO, CY, DI

SINCE = datetime(2026, 1, 6, 20, 0, tzinfo=UTC)


def _code(
    customer: Customer, purpose: Purpose, channel: Channel, listed: str = ""
) -> Code | None:
    skip = permission.refused(
        customer,
        purpose=purpose,
        channel=channel,
        suppressed=(listed, SINCE) if listed else None,
    )
    return skip.reason.code if skip else None


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("purpose", Purpose)
def test_who_agreed_to_everything_may_be_written_to(
    purpose: Purpose, channel: Channel
) -> None:
    assert _code(ANN.customer, purpose, channel) is None


@pytest.mark.parametrize("channel", Channel)
def test_who_agreed_to_nothing_gets_service_and_no_more(channel: Channel) -> None:
    codes = {p: _code(BO.customer, p, channel) for p in Purpose}

    assert codes == {
        Purpose.MARKETING: Code.NO_CONSENT,
        Purpose.SURVEY: Code.NO_CONSENT,
        Purpose.SERVICE: None,
    }


@pytest.mark.parametrize("purpose", Purpose)
def test_a_suppressed_address_is_off_limits_whatever_was_agreed(
    purpose: Purpose,
) -> None:
    assert _code(ANN.customer, purpose, Channel.EMAIL, "bounce") is Code.SUPPRESSED


def test_no_address_comes_before_everything() -> None:
    assert _code(CY.customer, Purpose.SERVICE, Channel.SMS, "stop") is Code.NO_ADDRESS


def test_the_words_are_the_customers_own_clock_and_channel() -> None:
    listed = permission.is_suppressed(DI.customer, ("bounce", SINCE))
    silent = permission.no_consent(BO.customer, Purpose.SURVEY, Channel.SMS)

    assert isinstance(listed, Skip) and isinstance(silent, Skip)
    assert "bounce, since 7 Jan 05:00" in listed.reason.sentence()
    assert "has not agreed to surveys by SMS" in silent.reason.sentence()
