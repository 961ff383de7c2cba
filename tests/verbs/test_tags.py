"""Tags: put on by steps, by the shop and by files, seen by what follows, and the same however often they are said."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from aftercart.campaigns import (
    Campaign,
    EventTrigger,
    Recurring,
    Send,
    Step,
    StopIf,
    Tag,
    Wait,
    Window,
)
from aftercart.conditions import parse
from aftercart.enrolling import take_in
from aftercart.importing import import_customers
from aftercart.intake import parse_event
from aftercart.model import Channel, Purpose, State
from aftercart.planning import stepping
from aftercart.recurrence import EVERY_DAY
from aftercart.store import customers, tables, tags
from tests.people import ANN, BO
from tests.verbs.stage import DAY, HOUR, MONDAY, Stage

ABOUT = frozenset({"customer", "order"})
MAIL = Send(Channel.EMAIL, "recipe-follow-up", expires=DAY)


def stop_if(text: str) -> StopIf:
    return StopIf(parse(text, about=ABOUT))


def begins(stage: Stage, *steps: Step, name: str = "club", **more: object) -> None:
    """A campaign that starts with an article, and that alone."""
    made = Campaign(
        name=name,
        title=name,
        purpose=Purpose.MARKETING,
        trigger=EventTrigger("article.viewed"),
        steps=steps,
        version="1",
    )
    stage.rt.campaigns = {}
    stage.add(replace(made, **more))  # type: ignore[arg-type]


def tagged(stage: Stage, at: datetime | None = None) -> set[str]:
    with stage.rt.store.read() as tx:
        known = customers.load(tx, [ANN.id], now=at or stage.now)
    return set(known[ANN.id].tags)


def test_a_tag_is_put_on_when_its_step_is_reached(stage: Stage) -> None:
    begins(stage, Wait(days=2), Tag("reader"), Tag("fan"), Tag("fan", on=False))
    stage.tell("article.viewed", ANN)

    stage.run(MONDAY + DAY)
    early = tagged(stage)
    stage.run(MONDAY + 3 * DAY)

    assert early == set()
    assert tagged(stage) == {"reader"}
    (row,) = stage.rows(tables.customer_tags)
    assert (row.customer_id, row.by) == (ANN.id, "club")


def test_a_tag_after_a_message_waits_until_that_goes(scene: Stage) -> None:
    evening = replace(
        MAIL,
        between=Window(
            datetime.min.time().replace(hour=18), datetime.min.time().replace(hour=20)
        ),
    )
    begins(scene, evening, Tag("told"))
    scene.tell("article.viewed", ANN)

    scene.run(MONDAY + HOUR)
    early = tagged(scene)
    scene.run(MONDAY + 10 * HOUR)

    assert (early, tagged(scene)) == (set(), {"told"})


def test_the_next_step_sees_the_tag(scene: Stage) -> None:
    begins(scene, Tag("vip"), stop_if("tagged('vip')"), MAIL)
    scene.tell("article.viewed", ANN)

    scene.plan()

    (row,) = scene.messages("club")
    assert (row.state, row.reason["code"]) == (State.SKIPPED, "stop_condition")


def test_a_tag_that_follows_a_stop_is_not_put_on(scene: Stage) -> None:
    begins(scene, stop_if("customer.country == 'GB'"), Tag("vip"))
    scene.tell("article.viewed", ANN)

    scene.run(MONDAY + DAY)

    assert tagged(scene) == set()


def test_a_person_with_two_ways_in_one_page_has_the_tag_in_the_second(
    scene: Stage,
) -> None:
    posted = EventTrigger("review.posted")
    steps = stop_if("tagged('reader')"), Tag("twice")
    begins(scene, *steps, name="other", trigger=posted)
    other = scene.rt.campaigns["other"]
    begins(scene, Tag("reader"))
    scene.add(other)
    scene.tell("article.viewed", ANN, at=MONDAY)
    scene.tell("review.posted", ANN, at=MONDAY + HOUR)
    scene.now = MONDAY + 2 * HOUR

    scene.tick()

    assert tagged(scene) == {"reader"}


def test_tags_planned_twice_change_nothing(stage: Stage) -> None:
    begins(stage, Tag("reader"))
    stage.tell("article.viewed", ANN)
    stage.run(MONDAY + HOUR)
    before = stage.rows(tables.customer_tags)
    with stage.rt.store.write() as tx:
        e = tables.enrollments
        tx.execute(e.update().values(ended_at=None, step=0))

    stage.now += HOUR
    with stage.rt.store.write() as tx:
        stepping.advance_due(tx, stage.rt, now=stage.now)

    assert stage.rows(tables.customer_tags) == before


def test_of_several_words_about_one_tag_the_last_counts(stage: Stage) -> None:
    def say(*words: str) -> None:
        with stage.rt.store.write() as tx:
            said = [
                tags.Tagging(ANN.id, w.strip("-"), MONDAY, "x", not w.startswith("-"))
                for w in words
            ]
            tags.write(tx, said)

    say("a", "b", "-a", "-c")
    first = tagged(stage)
    say("-b", "b", "d")
    say("-d")

    assert (first, tagged(stage)) == ({"b"}, {"b"})


def test_a_tag_of_tomorrow_is_not_known_today(stage: Stage) -> None:
    with stage.rt.store.write() as tx:
        tags.write(tx, [tags.Tagging(ANN.id, "vip", MONDAY + DAY, "x")])

    assert tagged(stage, MONDAY) == set()
    assert tagged(stage, MONDAY + DAY) == {"vip"}


def test_the_shop_puts_tags_on_and_takes_them_off(stage: Stage) -> None:
    def say(id_: str, *words: str) -> None:
        who = {"id": ANN.id, "tags": list(words)}
        raw = {"id": id_, "type": "customer.updated", "at": MONDAY.isoformat()}
        take_in(stage.rt, [parse_event(raw | {"customer": who})])

    say("e-1", "vip", "wine")
    say("e-2", "-wine", "new")
    stage.tell("customer.updated", ANN, first_name="Anna")

    assert tagged(stage) == {"vip", "new"}


def test_a_file_puts_tags_on_and_lists_what_is_none(
    scene: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f'customer_id,tags\n{ANN.id},"VIP; wine,?"\nnew,\n')

    report = import_customers(scene.rt, path)

    assert tagged(scene) == {"vip", "wine"}
    assert '"?" is not a tag such as vip' in str(report)


def test_who_is_tagged_is_the_audience_of_a_calendar(stage: Stage) -> None:
    begins(
        stage,
        MAIL,
        trigger=Recurring(EVERY_DAY, datetime.min.time()),
        audience=parse("tagged('vip')", about=frozenset({"customer"})),
    )
    stage.plan()
    with stage.rt.store.write() as tx:
        tags.write(tx, [tags.Tagging(ANN.id, "vip", MONDAY, "shop")])

    stage.run(MONDAY + DAY)

    assert {row.customer_id for row in stage.rows(tables.enrollments)} == {ANN.id}


def test_a_campaign_that_only_tags_asks_for_no_consent(scene: Stage) -> None:
    every = Recurring(EVERY_DAY, datetime.min.time())
    begins(scene, Tag("seen"), trigger=every)
    scene.plan()

    scene.run(MONDAY + DAY)

    assert BO.id in {row.customer_id for row in scene.rows(tables.customer_tags)}
