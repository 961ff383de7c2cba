"""Does a campaign do what its file says it should? Its tests, played through the live code in a database of their own, with a pushed clock."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aftercart import delivering, enrolling, loading, messagelog, moments, planning
from aftercart.campaigns import Campaign, Example, Expected
from aftercart.errors import InputError
from aftercart.model import Channel, State
from aftercart.reasons import Reason
from aftercart.rehearsing.reacting import react
from aftercart.rendering import Renderer
from aftercart.runtime import Runtime
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.store import open_store, records
from aftercart.store.records import Ended

#: Steps of the clock in one test; a campaign that needs more turns in circles.
_MOST_STEPS = 5_000
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Came:
    """What came of the test in truth: a message that went, or one that did not and why. `at` is on the customer's clock."""

    at: datetime
    channel: Channel | None
    template: str
    reason: Reason | None = None
    task: str = ""

    def __str__(self) -> str:
        when = f"{self.at:%a %-d %b %H:%M}"
        if self.task:
            return f"{when}  task: {self.task}"
        if self.reason is None:
            return f"{when}  {self.channel}: {self.template}"
        return f"{when}  nothing ({self.reason.code}): {self.reason.sentence()}"


@dataclass(frozen=True)
class Rehearsed:
    """One test with its outcome; `wrong` says what differs, and is empty where the test holds."""

    campaign: str
    example: Example
    came: Sequence[Came]
    wrong: Sequence[str]


def rehearse(settings: Settings, campaigns: Sequence[Campaign]) -> Iterator[Rehearsed]:
    """Plays the tests of these campaigns; each alone, so that only its own campaign speaks. Touches no database but its own.

    Raises:
        CampaignError: when the shop's own files have mistakes.
    """
    messagelog.speak_plainly()
    shop = loading.load_shop(settings.folder / "campaigns")
    renderer = Renderer(settings.folder / "templates", locale=shop.locale)
    with tempfile.TemporaryDirectory(prefix="aftercart-test-") as made:
        folder = Path(made)
        alone = replace(
            settings,
            database_url=f"sqlite:///{folder / 'test.db'}",
            broker_url="",
            secret_key=secrets.token_hex(16),
            email="outbox",
            sms="outbox",
            outbox=str(folder / "outbox.ndjson"),
        )
        empty = _empty(folder)
        for campaign in campaigns:
            for example in campaign.examples:
                with _stage(alone, campaign, shop, renderer, empty) as rt:
                    yield _rehearsed(rt, campaign, example)


class _Clock:
    """Stands still until it is moved."""

    now = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def _rehearsed(rt: Runtime, campaign: Campaign, example: Example) -> Rehearsed:
    impossible = []
    try:
        _play(rt, example)
    except InputError as error:
        impossible.append(str(error))
    zone = moments.zone(example.timezone)
    with rt.store.read() as tx:
        ends = records.ends(tx, campaign.name)
    came = [_came(end, moments.local(end.at, zone)) for end in ends]
    wrong = impossible or list(_differences(example, came))
    return Rehearsed(campaign.name, example, came, wrong)


def _play(rt: Runtime, example: Example) -> None:
    """Lets time pass from one thing that happens to the next, until the end of the test.

    Raises:
        InputError: when it has no end, or cannot be played.
    """
    clock = rt.clock
    assert isinstance(clock, _Clock)  # noqa: S101 - `_stage` made it
    clock.now = example.events[0].at
    # the calendar has been looked at before: what is due in the first moment is not the first that it sees
    planning.plan(rt)
    upcoming = list(example.events)
    deeds = list(example.reactions)
    for _ in range(_MOST_STEPS):
        here = [e for e in upcoming if e.at <= clock.now]
        upcoming = upcoming[len(here) :]
        if here:
            enrolling.take_in(rt, here)
        while deeds and deeds[0].at <= clock.now:
            react(rt, deeds.pop(0), customer_id=example.events[0].customer_id)
        for ringing in planning.plan(rt):
            delivering.deliver(rt, ringing.ids)
        ahead = [e.at for e in upcoming[:1]] + [r.at for r in deeds[:1]]
        if due := planning.look(rt).next:
            ahead.append(due)
        if not ahead or min(ahead) > example.until:
            break
        clock.now = max(min(ahead), clock.now + _SECOND)
    else:
        raise InputError(
            f"{example.place}: something is due again and again at {clock.now}"
        )


def _came(end: Ended, at: datetime) -> Came:
    went = end.state is State.ACCEPTED
    reason = None if went else end.reason
    return Came(at, end.channel, end.template, reason, end.task)


def _empty(folder: Path) -> Path:
    """A database with all tables and nothing in them: made once, copied for each test."""
    file = folder / "empty.db"
    store = open_store(f"sqlite:///{file}")
    store.upgrade()
    store.close()
    return file


@contextmanager
def _stage(
    settings: Settings,
    campaign: Campaign,
    shop: Shop,
    renderer: Renderer,
    empty: Path,
) -> Iterator[Runtime]:
    """A runtime of its own, with an empty database and this campaign alone."""
    database = Path(shutil.copy(empty, empty.with_name("test.db")))
    rt = Runtime(
        settings=settings,
        store=open_store(settings.database_url),
        clock=_Clock(),
        campaigns={campaign.name: campaign.as_if_live()},
        shop=shop,
        renderer=renderer,
        actor="test",
    )
    try:
        yield rt
    finally:
        rt.close()
        for file in database.parent.glob("test.db*"):
            file.unlink()


def _differences(example: Example, came: Sequence[Came]) -> Iterator[str]:
    zone = moments.zone(example.timezone)
    sent = [c for c in came if c.reason is None]
    for expected in example.expected:
        at = moments.local(expected.at, zone) if expected.at else None
        if expected.reason:
            if not any(
                c.reason and c.reason.code == expected.reason and at in (None, c.at)
                for c in came
            ):
                yield f"{expected.place}: nothing was held back for {expected.reason}"
            continue
        found = next((c for c in sent if _is(c, expected, at)), None)
        if found:
            sent.remove(found)
        else:
            what = expected.task or f"{expected.channel}: {expected.template}"
            yield f"{expected.place}: {what} did not come at {at:%a %-d %b %H:%M}"
    for extra in sent:
        yield f"{example.place}: not expected: {extra}"


def _is(came: Came, expected: Expected, at: datetime | None) -> bool:
    there = came.at.replace(second=0, microsecond=0)
    said = came.channel, came.template, came.task, there
    return said == (expected.channel, expected.template, expected.task, at)
