"""A good file becomes the right campaign; its version changes with its meaning only."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from aftercart.campaigns import (
    Campaign,
    EventTrigger,
    LateDelivery,
    Limit,
    Recurring,
    RunningLow,
    Send,
    Staple,
    Status,
    StopIf,
    Wait,
    Window,
)
from aftercart.conditions import Scope, predicate
from aftercart.errors import CampaignError
from aftercart.intake import EVENT_TYPES
from aftercart.loading import json_schema, load_campaigns
from aftercart.model import Channel, Customer, Purpose
from aftercart.recurrence import Days

FULL = """\
# a comment
name: Spring
purpose: marketing
trigger:
  event: order.delivered
  where: any(item.category == 'chicken')
audience: customer.orders >= 1
steps:
  - wait: 2 days
  - wait: 48 hours
  - stop_if: order.refunded
  - send: {email: spring}
    between: 16:00-19:00
    expires: 36 hours
    fallback: {sms: spring}
limits: 2 per 1 week
priority: 7
opens_case: call
"""


def load(tmp_path: Path, source: str) -> Campaign:
    folder = tmp_path / "campaigns"
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    (folder / "shop" / "shop.yaml").write_text("name: Meadow Grocer\n")
    staples = folder / "shop" / "staples.yaml"
    if not staples.exists():
        staples.write_text("eggs: {name: eggs, lifespan: 10 days}\n")
    (folder / "spring.yaml").write_text(source)
    (campaign,) = load_campaigns(folder)
    return campaign


def trigger(tmp_path: Path, text: str) -> object:
    source = (
        f"name: X\npurpose: survey\ntrigger: {text}\nsteps: [{{send: {{email: x}}}}]\n"
    )
    return load(tmp_path, source).trigger


def test_a_full_file_becomes_a_campaign(tmp_path: Path) -> None:
    campaign = load(tmp_path, FULL)

    assert (campaign.name, campaign.title) == ("spring", "Spring")
    assert campaign.purpose is Purpose.MARKETING
    assert isinstance(campaign.trigger, EventTrigger)
    assert campaign.trigger.event == "order.delivered"
    assert str(campaign.trigger.where) == "any(item.category == 'chicken')"
    assert str(campaign.audience) == "customer.orders >= 1"
    assert campaign.limit == Limit(2, timedelta(days=7))
    assert (campaign.priority, campaign.opens_case) == (7, "call")
    days, span, stop, send = campaign.steps
    assert isinstance(days, Wait) and (days.days, days.span) == (2, timedelta(0))
    assert isinstance(span, Wait) and (span.days, span.span) == (0, timedelta(hours=48))
    assert isinstance(stop, StopIf) and str(stop.condition) == "order.refunded"
    assert isinstance(send, Send)
    assert (send.channel, send.template) == (Channel.EMAIL, "spring")
    assert send.fallback == (Channel.SMS, "spring")
    assert send.between == Window(time(16), time(19))
    assert send.expires == timedelta(hours=36)


def test_keys_and_steps_know_their_place(tmp_path: Path) -> None:
    campaign = load(tmp_path, FULL)

    assert campaign.place("trigger.where") == "campaigns/spring.yaml:6:3"
    assert campaign.place("steps.3.between") == "campaigns/spring.yaml:13:5"
    assert campaign.place("limits") == "campaigns/spring.yaml:16:1"
    assert campaign.place("steps.3.nothing") == "campaigns/spring.yaml:12:5"
    assert [str(step.place) for step in campaign.steps] == [
        f"campaigns/spring.yaml:{line}:5" for line in (9, 10, 11, 12)
    ]


def test_what_is_not_said_has_a_quiet_default(tmp_path: Path) -> None:
    source = "name: X\npurpose: survey\ntrigger: {event: parcel.lost}\nsteps: [{send: {sms: x}}]\n"

    campaign = load(tmp_path, source)

    assert (campaign.audience, campaign.limit, campaign.priority) == (None, None, 0)
    (send,) = campaign.steps
    assert isinstance(send, Send)
    assert send.expires == timedelta(days=2)
    assert send.between is send.fallback is None


@pytest.mark.parametrize(
    ("text", "weekdays", "at"),
    [
        ("tuesdays at 10:00", (1,), time(10)),
        ("Monday at 9:05", (0,), time(9, 5)),
        ("mondays and thursdays at 10:00", (0, 3), time(10)),
        ("mondays, tuesdays and sundays at 10:00", (0, 1, 6), time(10)),
        ("weekdays at 10:00", (0, 1, 2, 3, 4), time(10)),
        ("weekends at 10:00", (5, 6), time(10)),
        ("day at 10:00", (0, 1, 2, 3, 4, 5, 6), time(10)),
    ],
)
def test_days_are_read_as_people_write_them(
    tmp_path: Path, text: str, weekdays: tuple[int, ...], at: time
) -> None:
    assert trigger(tmp_path, f'{{every: "{text}"}}') == Recurring(Days(weekdays), at)


def test_running_low_brings_its_staples_along(tmp_path: Path) -> None:
    eggs = Staple("eggs", "eggs", timedelta(days=10))

    every = trigger(tmp_path, "{running_low: {at: 10:00}}")
    some = trigger(
        tmp_path,
        "{running_low: {staples: [eggs], at: 10:00, after: 3 orders, together: 1 day}}",
    )

    assert every == RunningLow((eggs,), time(10), 2, timedelta(days=3))
    assert some == RunningLow((eggs,), time(10), 3, timedelta(days=1))


def test_late_delivery_has_three_lengths(tmp_path: Path) -> None:
    text = (
        "{late_delivery: {by: 15 minutes, confirmed_for: 2 minutes, worse_by: 1 hour}}"
    )

    found = trigger(tmp_path, text)

    minutes = (timedelta(minutes=n) for n in (15, 2, 60))
    assert found == LateDelivery(*minutes)


def test_the_version_changes_with_the_meaning_and_not_with_the_looks(
    tmp_path: Path,
) -> None:
    before = load(tmp_path, FULL).version

    layout = FULL.replace("# a comment\n", "\n\n").replace(
        "{email: spring}", "\n      email: 'spring'"
    )
    assert load(tmp_path, layout).version == before
    assert load(tmp_path, FULL.replace("2 days", "3 days")).version != before
    assert len(before) == 12 and int(before, 16) >= 0


def test_going_live_makes_no_other_version_so_that_nobody_on_the_way_is_stranded(
    tmp_path: Path,
) -> None:
    before = load(tmp_path, FULL)

    after = load(tmp_path, FULL + "status: draft\nramp: [50, 500]\n")

    assert (before.status, before.ramp) == (Status.LIVE, ())
    assert (after.status, after.ramp) == (Status.DRAFT, (50, 500))
    assert after.version == before.version


def test_the_version_changes_with_the_staples_that_it_names(tmp_path: Path) -> None:
    source = "name: X\npurpose: marketing\ntrigger: {running_low: {at: 10:00}}\nsteps: [{send: {email: x}}]\n"
    before = load(tmp_path, source).version

    staples = tmp_path / "campaigns" / "shop" / "staples.yaml"
    staples.write_text("eggs: {name: eggs, lifespan: 12 days}\n")

    assert load(tmp_path, source).version != before


def test_files_that_begin_with_a_dot_or_a_line_are_drafts(tmp_path: Path) -> None:
    load(tmp_path, FULL)
    for name in ("_draft.yaml", ".hidden.yaml", "notes.txt"):
        (tmp_path / "campaigns" / name).write_text("not a campaign")

    assert [c.name for c in load_campaigns(tmp_path / "campaigns")] == ["spring"]


def test_the_schema_explains_every_key() -> None:
    schema = json_schema()

    shapes = [schema, *schema["$defs"].values()]
    assert all(
        entry.get("description")
        for shape in shapes
        for entry in shape["properties"].values()
    )
    assert "customer.country" in schema["properties"]["audience"]["description"]
    assert "item.category" not in schema["properties"]["audience"]["description"]
    assert {"required": ["send"]} in schema["$defs"]["StepShape"]["oneOf"]


def test_the_whole_campaign_in_the_documentation_is_one(tmp_path: Path) -> None:
    page = Path("docs/campaigns.md").read_text(encoding="utf-8")
    source = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    recipes = tmp_path / "campaigns" / "shop" / "recipes.yaml"
    recipes.parent.mkdir(parents=True)
    recipes.write_text(page.rsplit("```yaml\n", 1)[1].split("```", 1)[0])

    assert load(tmp_path, source).title == "Recipe follow-up"


def test_editors_offer_every_event_that_the_shop_may_tell_us_and_no_other() -> None:
    shape = json_schema()["$defs"]["TriggerShape"]["properties"]["event"]

    offered = [one["enum"] for one in shape["anyOf"] if "enum" in one]

    assert offered == [list(EVENT_TYPES)]


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_a_letter_too_many_in_an_event_that_the_shop_may_tell_us_is_found(
    tmp_path: Path, type_: str
) -> None:
    with pytest.raises(CampaignError, match=f'did you mean "{type_}"'):
        trigger(tmp_path, f"{{event: {type_}s}}")


def test_what_a_named_audience_means_is_part_of_what_the_campaign_means(
    tmp_path: Path,
) -> None:
    source = FULL.replace("customer.orders >= 1", "regulars")
    names = tmp_path / "campaigns" / "shop" / "audiences.yaml"
    names.parent.mkdir(parents=True)
    versions = []
    for orders in (5, 6, 5):
        names.write_text(f"regulars: customer.orders >= {orders}\n")
        found = load(tmp_path, source)
        versions.append(found.version)

    assert found.audience is not None
    assert found.audience.text == "regulars"
    assert versions[0] == versions[2] != versions[1]


def test_a_predicate_follows_what_the_name_means_now(tmp_path: Path) -> None:
    names = tmp_path / "campaigns" / "shop" / "audiences.yaml"
    names.parent.mkdir(parents=True)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    four = Scope(Customer(id="c", orders=4), None, now, now)
    held = []
    for orders in (4, 5):
        names.write_text(f"regulars: customer.orders >= {orders}\n")
        audience = load(
            tmp_path, FULL.replace("customer.orders >= 1", "regulars")
        ).audience
        assert audience is not None
        held.append(predicate(audience)(four))

    assert held == [True, False]


def test_a_slip_in_the_name_of_an_audience_is_answered_with_the_name(
    tmp_path: Path,
) -> None:
    names = tmp_path / "campaigns" / "shop" / "audiences.yaml"
    names.parent.mkdir(parents=True)
    names.write_text("regulars: customer.orders >= 5\n")

    with pytest.raises(CampaignError, match='did you mean "regulars"'):
        load(tmp_path, FULL.replace("customer.orders >= 1", "regularz"))
