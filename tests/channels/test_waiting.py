"""A provider that is busy says when to come back, in one of several ways."""

from datetime import timedelta

import pytest

from aftercart.channels.waiting import come_back
from tests.channels.stage import NOW

DATE = "Mon, 02 Mar 2026 10:00:00 GMT"
EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 5),
        ({"retry-after": "30"}, 30),
        ({"retry-after": "0"}, 5),
        ({"retry-after": "-3"}, 5),
        ({"retry-after": "soon"}, 5),
        ({"retry-after": "99999"}, 900),
        ({"retry-after": "9" * 60}, 5),
        ({"retry-after": "Mon, 02 Mar 2026 10:01:00 GMT"}, 60),
        ({"x-ratelimit-reset": str(EPOCH + 40)}, 40),
        ({"x-ratelimit-reset": str(EPOCH - 40)}, 5),
        ({"x-ratelimit-reset": str(EPOCH + 4000)}, 900),
        ({"x-ratelimit-reset": "9" * 60}, 5),
        ({"x-ratelimit-reset": "²"}, 5),
        ({"retry-after": "9", "x-ratelimit-reset": str(EPOCH + 40)}, 9),
    ],
)
def test_the_wait_is_what_was_said_within_bounds(
    headers: dict[str, str], seconds: int
) -> None:
    assert come_back(headers, now=NOW) == NOW + timedelta(seconds=seconds)


def test_a_moment_is_counted_from_the_servers_clock_and_not_from_ours() -> None:
    ours = NOW - timedelta(days=900)
    headers = {"date": DATE, "x-ratelimit-reset": str(EPOCH + 40)}

    assert come_back(headers, now=ours) == ours + timedelta(seconds=40)
