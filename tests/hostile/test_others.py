"""While a worker meets hostile templates, the messages of all other campaigns go, and hardly slower."""

import pytest

from tests.hostile.throughput import measure


@pytest.mark.slow
def test_good_messages_go_while_hostile_templates_are_met() -> None:
    among = measure(600, hostile=True)

    assert among.sent == among.good
    assert among.others == among.stopped + among.went
    assert among.stopped > 0
    assert among.went > 0
