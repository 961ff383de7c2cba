"""Waits for events, branches and versions in the life of a shop: on a real database, with the planner and the worker."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import update

from aftercart import enrolling, explaining, loading
from aftercart.campaigns import Campaign
from aftercart.policy import waiting
from aftercart.reasons import Code, from_json
from aftercart.store import tables
from tests.people import ANN, BO, CY, Person, another
from tests.verbs.stage import DAY, HOUR, MINUTE, MONDAY, ROOT, Stage

HEAD = """\
name: Way
purpose: marketing
trigger: {event: order.delivered}
steps:
"""
RECIPE = "send: {email: recipe-follow-up}\n    content: recipes\n"
#: Who orders again within three days is asked nothing more; the others get a recipe.
WAITS = f"""{HEAD}\
  - wait_for: {{event: order.placed, within: 3 days}}
    then:
      - stop: they came back
  - {RECIPE}"""
LATER = f"{HEAD}  - wait: 2 days\n  - {RECIPE}"
LATER_STILL = f"{HEAD}  - wait: 5 days\n  - {RECIPE}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of campaigns with the shop's own files and no campaign."""
    made = tmp_path / "campaigns"
    shutil.copytree(ROOT / "campaigns" / "shop", made / "shop")
    return made


def written(folder: Path, source: str) -> Campaign:
    (folder / "way.yaml").write_text(source)
    (campaign,) = loading.load_campaigns(folder)
    return campaign


def _on(stage: Stage, campaign: Campaign) -> None:
    stage.only()
    stage.add(campaign)


def _enter(
    stage: Stage, who: Person = ANN, *, order: str = "o-1", at: datetime = MONDAY
) -> None:
    stage.tell("order.placed", who, at=at - HOUR, order=order, items=["chicken"])
    stage.tell("order.delivered", who, at=at, order=order)


def _ways(stage: Stage) -> list[Any]:
    return sorted(stage.rows(tables.enrollments), key=lambda e: e.started_at)


def _ended(row: Any) -> Code | None:
    reason = from_json(row.reason)
    return reason.code if reason else None


@contextmanager
def _statements(stage: Stage) -> Iterator[list[str]]:
    said: list[str] = []

    def note(*given: Any) -> None:
        said.append(given[2])

    engine = stage.rt.store._engine
    sql_event.listen(engine, "before_cursor_execute", note)
    yield said
    sql_event.remove(engine, "before_cursor_execute", note)


# --- waiting for an event -------------------------------------------------------------------------------------------------


def test_an_event_ends_the_wait_as_soon_as_it_is_told(
    stage: Stage, folder: Path
) -> None:
    _on(stage, written(folder, WAITS))
    _enter(stage)
    stage.run(MONDAY + DAY)
    (before,) = _ways(stage)

    stage.tell("order.placed", ANN, order="o-2", items=["eggs"])
    (told,) = _ways(stage)
    stage.tick()

    assert (before.awaits, told.awaits) == ("order.placed", "")
    assert told.due_at == MONDAY + DAY
    (after,) = _ways(stage)
    assert _ended(after) is Code.STOPPED
    stage.run(MONDAY + 9 * DAY)
    assert stage.messages() == []


def test_who_does_not_do_it_in_time_goes_on_when_the_time_is_over(
    stage: Stage, folder: Path
) -> None:
    _on(stage, written(folder, WAITS))
    _enter(stage)

    stage.run(MONDAY + 9 * DAY)

    (row,) = stage.messages()
    assert (row.state, row.due_at) == ("accepted", MONDAY + 3 * DAY)
    assert waiting.FACT not in row.facts


def test_what_others_do_and_other_events_change_nothing(
    scene: Stage, folder: Path
) -> None:
    _on(scene, written(folder, WAITS))
    _enter(scene)
    scene.run(MONDAY + DAY)

    scene.tell("order.placed", BO, order="o-2", items=["eggs"])
    scene.tell("order.refunded", ANN, order="o-1")

    (way, *_) = _ways(scene)
    assert (way.awaits, way.due_at) == ("order.placed", MONDAY + 3 * DAY)


def test_an_event_that_came_before_the_planner_looked_is_not_lost(
    stage: Stage, folder: Path
) -> None:
    _on(stage, written(folder, WAITS))
    _enter(stage)
    # no scheduler runs: nobody knows yet that she waits
    stage.now = MONDAY + HOUR
    stage.tell("order.placed", ANN, order="o-2", items=["eggs"])

    stage.now = MONDAY + 2 * HOUR
    stage.tick()

    (way,) = _ways(stage)
    assert _ended(way) is Code.STOPPED


def test_a_planner_that_was_away_for_all_of_the_wait_takes_the_way_of_what_happened(
    stage: Stage, folder: Path
) -> None:
    _on(stage, written(folder, WAITS))
    _enter(stage)
    _enter(stage, CY, order="o-9")
    stage.now = MONDAY + DAY
    stage.tell("order.placed", ANN, order="o-2", items=["eggs"])

    stage.now = MONDAY + 4 * DAY
    stage.tick()

    codes = {way.customer_id: _ended(way) for way in _ways(stage)}
    assert codes == {ANN.id: Code.STOPPED, CY.id: None}
    assert {row.customer_id for row in stage.messages()} == {CY.id}


def test_an_event_that_was_told_while_the_planner_wrote_is_found_when_the_time_is_over(
    stage: Stage, folder: Path
) -> None:
    _on(stage, written(folder, WAITS))
    _enter(stage)
    stage.run(MONDAY + DAY)
    e = tables.enrollments
    with stage.rt.store.write() as tx:
        tx.execute(update(e).values(awaits=""))
    stage.tell("order.placed", ANN, order="o-2", items=["eggs"])

    stage.run(MONDAY + 4 * DAY)

    (way,) = _ways(stage)
    assert _ended(way) is Code.STOPPED
    assert stage.messages() == []


def test_waking_costs_the_same_statements_for_one_and_for_many(
    stage: Stage, folder: Path
) -> None:
    _on(stage, written(folder, WAITS))
    crowd = [another(f"p{n}") for n in range(40)]
    stage.move_in(*crowd)
    for n, who in enumerate([ANN, *crowd]):
        _enter(stage, who, order=f"o-{n}")
    stage.run(MONDAY + DAY)

    def told(some: list[Person], name: str) -> int:
        events = [
            stage.event("customer.updated", who, id_=f"{name}-{n}")
            for n, who in enumerate(some)
        ]
        placed = [
            stage.event("order.placed", who, order=f"{name}-{n}", items=["eggs"])
            for n, who in enumerate(some)
        ]
        with _statements(stage) as said:
            enrolling.take_in(stage.rt, [*events, *placed])
        return sum("enrollments" in s for s in said)

    one, many = told([ANN], "one"), told(crowd, "many")

    assert one == many
    assert {way.awaits for way in _ways(stage)} == {""}


# --- versions -------------------------------------------------------------------------------------------------------------


def test_who_is_on_the_way_stays_on_the_version_of_their_entry(
    stage: Stage, folder: Path
) -> None:
    _on(stage, written(folder, LATER))
    _enter(stage)
    stage.run(MONDAY + HOUR)

    _on(stage, written(folder, LATER_STILL))
    _enter(stage, CY, order="o-2")
    stage.run(MONDAY + 9 * DAY)

    # in New York it is too early by then
    due = {row.customer_id: row.due_at for row in stage.messages()}
    assert due == {ANN.id: MONDAY + 2 * DAY, CY.id: MONDAY + 5 * DAY + 4 * HOUR}
    assert len(stage.rows(tables.campaign_versions)) == 2


def test_a_message_is_judged_by_the_version_that_planned_it(
    stage: Stage, folder: Path
) -> None:
    stops = LATER.replace("  - send", "  - stop_if: order.refunded\n  - send")
    hours = stops.replace(
        "content: recipes", "content: recipes\n    between: 16:00-19:00"
    )
    _on(stage, written(folder, hours))
    _enter(stage)
    stage.run(MONDAY + 2 * DAY)
    (planned,) = stage.messages()

    _on(stage, written(folder, LATER))
    stage.tell("order.refunded", ANN, order="o-1")
    stage.run(MONDAY + 3 * DAY)

    assert planned.state == "scheduled"
    (row,) = stage.messages()
    assert _ended(row) is Code.ORDER_REFUNDED


def test_a_version_means_what_its_audiences_meant_then(
    scene: Stage, folder: Path
) -> None:
    audiences = folder / "shop" / "audiences.yaml"
    audiences.write_text("buyers: customer.orders >= 1\n")
    named = LATER.replace("steps:", "audience: buyers\nsteps:")
    _on(scene, written(folder, named))
    _enter(scene)
    scene.run(MONDAY + HOUR)

    audiences.write_text("buyers: customer.orders >= 9\n")
    _on(scene, written(folder, named))
    scene.run(MONDAY + 3 * DAY)

    assert scene.states() == ["accepted"]


def test_a_version_that_cannot_be_read_any_more_ends_with_words(
    stage: Stage, folder: Path
) -> None:
    _on(stage, written(folder, LATER))
    _enter(stage)
    stage.run(MONDAY + HOUR)
    with stage.rt.store.write() as tx:
        tx.execute(
            update(tables.campaign_versions).values(sources={"campaign": "name: 1\n"})
        )

    _on(stage, written(folder, LATER_STILL))
    stage.run(MONDAY + 3 * DAY)

    (way,) = _ways(stage)
    reason = from_json(way.reason)
    assert reason and reason.code is Code.VERSION_UNREADABLE
    assert "version of 2 March 2026" in reason.sentence()
    assert stage.messages() == []


def test_a_campaign_that_was_deleted_ends_for_all_who_are_on_it(
    scene: Stage, folder: Path
) -> None:
    _on(scene, written(folder, LATER))
    _enter(scene)
    scene.run(MONDAY + HOUR)

    scene.only()
    scene.run(MONDAY + 3 * DAY)

    (way,) = _ways(scene)
    assert _ended(way) is Code.CAMPAIGN_GONE


def test_who_entered_before_versions_were_kept_goes_on_with_what_is_there(
    scene: Stage, folder: Path
) -> None:
    _on(scene, written(folder, LATER))
    _enter(scene)
    with scene.rt.store.write() as tx:
        tx.execute(tables.campaign_versions.delete())

    _on(scene, written(folder, LATER_STILL))
    scene.run(MONDAY + 9 * DAY)

    (row,) = scene.messages()
    assert row.due_at == MONDAY + 5 * DAY


def test_an_older_version_is_asked_for_once_in_a_batch_and_then_remembered(
    scene: Stage, folder: Path
) -> None:
    _on(scene, written(folder, LATER))
    crowd = [another(f"p{n}") for n in range(30)]
    scene.move_in(*crowd)
    for n, who in enumerate(crowd):
        _enter(scene, who, order=f"o-{n}")
    _on(scene, written(folder, LATER_STILL))

    with _statements(scene) as said:
        scene.run(MONDAY + 9 * DAY)

    asked = [s for s in said if "FROM campaign_versions" in s]
    assert len(asked) == 1
    assert len(scene.messages()) == len(crowd)


def test_explain_says_on_which_version_somebody_is_and_what_they_wait_for(
    scene: Stage, folder: Path
) -> None:
    _on(scene, written(folder, WAITS))
    _enter(scene)
    scene.run(MONDAY + HOUR)
    _on(scene, written(folder, LATER))

    (told,) = explaining.explain(scene.rt, ANN.id, campaign="way")

    (line,) = told.ahead
    assert line.seen == "waits for order.placed until Thu 5 Mar 09:00"
    assert line.needed == "on the version of 2 March 2026"
    assert line.place == "campaigns/way.yaml:5:5"


def test_explain_says_why_a_way_ended(scene: Stage, folder: Path) -> None:
    _on(scene, written(folder, WAITS))
    _enter(scene)
    scene.run(MONDAY + HOUR)
    scene.tell("order.placed", ANN, order="o-2", items=["eggs"])
    scene.tick()

    (told,) = explaining.explain(scene.rt, ANN.id, campaign="way")

    assert [line.seen for line in told.ahead] == [
        "The campaign ends here for this customer: they came back."
    ]
    assert scene.now - MONDAY < HOUR + MINUTE
