"""No law is broken in a crowd: caps, hours on every clock, one survey a date, holdouts, priorities, and a reason for everything."""

import pytest

from aftercart.reasons import Code
from tests.promises import crowd

pytestmark = pytest.mark.slow


def test_ten_campaigns_break_no_law_for_anybody_in_thirteen_zones() -> None:
    told, seen = crowd.violations(260)

    assert told == []
    # the laws were put to the test: messages went, waited for their hour and for a place, and were held out
    assert seen["accepted"] > 8_000
    assert seen[Code.FREQUENCY_CAP] > 500
    assert seen[Code.QUIET_HOURS] + seen["expired"] > 100
