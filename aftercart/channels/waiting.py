"""When did the provider say to come back?"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DEFAULT = timedelta(seconds=5)
LONGEST = timedelta(minutes=15)


def come_back(headers: Mapping[str, str], *, now: datetime) -> datetime:
    """The moment to try again, from ``retry-after`` or ``x-ratelimit-reset``; 5 s where nothing usable was said, at most 15 min.

    Moments are counted from the server's own ``date``, so that a clock of ours that is wrong, or pushed, does no harm.
    """
    server_now = _http_date(headers.get("date", "")) or now
    wait = _seconds(headers.get("retry-after", ""))
    if wait is None:
        when = _http_date(headers.get("retry-after", "")) or _epoch(
            headers.get("x-ratelimit-reset", "")
        )
        wait = when - server_now if when else DEFAULT
    return now + (min(wait, LONGEST) if wait > timedelta(0) else DEFAULT)


def _seconds(text: str) -> timedelta | None:
    text = text.strip()
    # Nine digits are thirty years; more overflow a timedelta.
    return timedelta(seconds=int(text)) if _digits(text) and len(text) < 10 else None


def _epoch(text: str) -> datetime | None:
    text = text.strip()
    if not _digits(text) or len(text) > 11:
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
