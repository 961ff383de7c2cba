"""Every mistake in a campaign file: its line, its column, what it is and how to mend it."""

from pathlib import Path

import pytest

from aftercart.errors import CampaignError
from aftercart.loading import check_folder, load_campaigns

GOOD = """\
name: Spring
purpose: marketing
trigger:
  event: order.delivered
  where: any(item.category == 'chicken')
audience: customer.orders >= 1
steps:
  - wait: 2 days
  - stop_if: order.refunded
  - send: {email: spring}
    between: 16:00-19:00
    expires: 2 days
limits: 1 per 7 days
"""
SHOP = "name: Meadow Grocer\n"
STAPLES = (
    "eggs: {name: eggs, lifespan: 10 days}\nmilk: {name: milk, lifespan: 8 days}\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small shop with two templates and no campaign."""
    campaigns = tmp_path / "campaigns"
    (campaigns / "shop").mkdir(parents=True)
    (campaigns / "shop" / "shop.yaml").write_text(SHOP)
    (campaigns / "shop" / "staples.yaml").write_text(STAPLES)
    mail = tmp_path / "templates" / "spring"
    mail.mkdir(parents=True)
    for name in ("subject.txt", "body.mjml", "body.txt"):
        (mail / name).touch()
    text = tmp_path / "templates" / "spring-text"
    text.mkdir()
    (text / "sms.txt").touch()
    return campaigns


def found(folder: Path, source: str, name: str = "spring.yaml") -> list[str]:
    (folder / name).write_text(source)
    return [str(problem) for problem in check_folder(folder)]


def test_a_good_file_has_no_mistake(folder: Path) -> None:
    assert found(folder, GOOD) == []


# Each row: what is replaced in GOOD, by what, and the first problem that it makes.
# fmt: off
WRONG = [
    ("limits: 1 per 7 days\n", "status: darft\n", '13:9: "darft" is not one of: draft, trial, live (did you mean "draft"?)'),
    ("limits: 1 per 7 days\n", "status: trial\n", "13:1: nobody is on the trial list (write it into shop/shop.yaml: trial: [customer ids or e-mail addresses])"),
    ("limits: 1 per 7 days\n", "ramp: 50\n", "13:7: write how many people may have it day by day, in brackets: [50, 500]; on the day after the last, all may"),
    ("limits: 1 per 7 days\n", "ramp: [50, many]\n", "13:7: write how many people may have it day by day, in brackets: [50, 500]; on the day after the last, all may"),
    ("limits: 1 per 7 days\n", "ramp: []\n", "13:7: write how many people may have it day by day, in brackets: [50, 500]; on the day after the last, all may"),
    ("limits: 1 per 7 days\n", "ramp: [500, 50]\n", "13:7: a ramp lets in more people from day to day, and one at least; for example [50, 500]"),
    ("limits: 1 per 7 days\n", "ramp: [0, 50]\n", "13:7: a ramp lets in more people from day to day, and one at least; for example [50, 500]"),
    ("purpose: marketing\n", "purpose: service\nramp: [50]\n", "3:1: nobody may wait for news of their own order (delete it; status: trial is possible)"),
    ("limits: 1 per 7 days\n", "rampe: [50]\n", '13:1: unknown key "rampe" (did you mean "ramp"?)'),
    ("  event: order.delivered\n  where: any(item.category == 'chicken')\n", "  answer: {survey: spring, score: 6-11}\n", '4:35: "6-11" are no scores; write two from 0 to 10, for example "0-6"'),
    ("limits: 1 per 7 days\n", "holdout: 60%\n", '13:10: "60%" is not a share of people; write from 0.1% to 50%, for example "5%"'),
    ("limits: 1 per 7 days\n", "holdout: 0.05\n", '13:10: a text is needed here, for example "5%"'),
    ("limits: 1 per 7 days\n", "goal: {event: order.placd, within: 7 days}\n", '13:15: there is no event "order.placd": did you mean "order.placed"?'),
    ("limits: 1 per 7 days\n", "goal: {event: order.placed}\n", '13:1: the key "within" is missing (write "within:" here)'),
    ("  event: order.delivered\n  where: any(item.category == 'chicken')\n", "  date: customer.birthday\n  before: 3 hours\n", '5:11: whole days are needed here (write "3 days")'),
    ("  event: order.delivered\n  where: any(item.category == 'chicken')\n", "  date: birthday\n", '4:9: "birthday" is not one of: customer.birthday, customer.since (did you mean "customer.birthday"?)'),
    ("  event: order.delivered\n", "  event: order.delivered\n  at: 10:00\n", '5:3: "at" belongs to date and inactive_for (delete it)'),
    # keys
    ("limits:", "limit:", "13:1: unknown key \"limit\" (did you mean \"limits\"?)"),
    ("  event:", "  evnt:", "4:3: unknown key \"evnt\" (did you mean \"event\"?)"),
    ("    expires:", "    expire:", "12:5: unknown key \"expire\" (did you mean \"expires\"?)"),
    ("{email: spring}", "{mail: spring}", "10:12: unknown key \"mail\" (did you mean \"email\"?)"),
    ("purpose: marketing\n", "", "1:1: the key \"purpose\" is missing (write \"purpose:\" here)"),
    ("name: Spring\n", "", "1:1: the key \"name\" is missing (write \"name:\" here)"),
    ("name: Spring", "name: Spring\nname: Summer", "2:1: the key \"name\" stands here twice (first on line 1)"),
    # words
    ("purpose: marketing", "purpose: markting", "2:10: \"markting\" is not one of: marketing, survey, service (did you mean \"marketing\"?)"),
    ("order.delivered", "order.deliverd", "4:10: there is no event \"order.deliverd\": did you mean \"order.delivered\"?"),
    ("order.delivered", "order.canceled", "4:10: there is no event \"order.canceled\": did you mean \"order.cancelled\"?"),
    ("order.delivered", "delivered", "4:10: \"delivered\" is not a type of event: did you mean \"order.delivered\"?"),
    ("{email: spring}", "{email: sprnig}", "10:19: there is no template \"sprnig\" (did you mean \"spring\"?)"),
    ("{email: spring}", "{sms: spring}", "10:17: the template \"spring\" has no sms.txt (add it to templates/spring/)"),
    ("{email: spring}", "{email: spring-text}", "10:19: the template \"spring-text\" has no subject.txt and no body.mjml or body.html (add it to templates/spring-text/)"),
    # phrases
    ("wait: 2 days", "wait: 2 dyas", "8:11: \"dyas\" is not a unit of time; use minutes, hours, days or weeks: did you mean \"2 days\"?"),
    ("wait: 2 days", "wait: 2", "8:11: \"2\" is not a duration; write a whole number and a unit, for example \"2 days\" or \"90 minutes\""),
    ("16:00-19:00", "19:00-16:00", "11:14: \"19:00-16:00\" ends before it begins; a span never goes over midnight"),
    ("16:00-19:00", "16:00", "11:14: \"16:00\" is not a span of the day; write two times, for example \"16:00-19:00\""),
    ("16:00-19:00", "4pm-19:00", "11:14: \"4pm\" is not a time of day; write hours and minutes from 00:00 to 23:59, for example 16:00"),
    ("16:00-19:00", "16:00-24:30", "11:14: \"24:30\" is not a time of day; write hours and minutes from 00:00 to 23:59, for example 16:00"),
    ("1 per 7 days", "weekly", "13:9: \"weekly\" is not a limit; write how many and per how long, for example \"1 per 7 days\""),
    ("1 per 7 days", "[1 per 7 days]", "13:9: a text is needed here, for example \"1 per 7 days\""),
    # types
    ("audience: customer.orders >= 1", "audience: yes\naudience: true", "7:1: the key \"audience\" stands here twice (first on line 6)"),
    ("audience: customer.orders >= 1", "audience: true", "6:11: a text is needed here (put it in quotes: \"true\")"),
    ("audience: customer.orders >= 1", "audience: [a]", "6:11: a text is needed here, not a list"),
    ("name: Spring", "name: 2026", "1:7: a text is needed here (put it in quotes: \"2026\")"),
    ("name: Spring", "name:", "1:1: nothing stands here (write a text after the colon)"),
    ("limits: 1 per 7 days", "priority: high", "13:11: a whole number is needed here, not \"high\""),
    ("limits: 1 per 7 days", "priority: 1000", "13:11: 1000 is too large; at most 100"),
    ("{email: spring}", "spring", "10:11: keys with values are needed here, not \"spring\" (its keys are: email, sms)"),
    # conditions, at their very column
    ("item.category ==", "item.categry ==", "5:14: unknown field \"item.categry\" (did you mean \"item.category\"?)"),
    ("customer.orders >= 1", "customer.orders >= 1 and order.late", "6:36: order.late is not known here (this place sees only customer fields)"),
    ("order.refunded", "order.refunded or order.canceled", "9:32: unknown field \"order.canceled\" (did you mean \"order.cancelled\"?)"),
    ("order.refunded", "'order.refunded or order.canceled'", "9:33: unknown field \"order.canceled\" (did you mean \"order.cancelled\"?)"),
    ("any(item.category == 'chicken')", "ordered('eggs', since=trigger)", "5:10: nothing can be ordered since the trigger while it is judged (move it to a stop_if, or use within='30 days')"),
    ("event: order.delivered", "event: customer.created", "5:10: there is no order here, so any(...) has no items"),
    ("customer.orders >= 1", "count('artcle.viewed') > 1", "6:11: there is no event \"artcle.viewed\" (did you mean \"article.viewed\"?)"),
    ("any(item.category == 'chicken')", "count(clicks, since=trigger) > 1", "5:10: nothing can have happened since the trigger while it is judged (move it to a stop_if, or use within='30 days')"),
    ("customer.orders >= 1", "customer.orders >= 1 and score('nps') < 7", "6:36: there is no survey \"nps\""),
    # tags
    ("customer.orders >= 1", "tagged('vip')", "6:11: nothing ever puts on the tag \"vip\" (put it on with a step \"tag: vip\", or list it under \"tags:\" in shop/shop.yaml if the shop brings it)"),
    ("  - wait: 2 days", "  - tag: wine\n  - untag: wien", "9:12: nothing ever puts on the tag \"wien\" (did you mean \"wine\"? One that the shop brings goes under \"tags:\" in shop/shop.yaml)"),
    ("  - wait: 2 days", "  - tag: Wine Club", "8:10: \"Wine Club\" is not a tag; write small letters, digits, and hyphens between them, for example wine-club"),
    ("  - wait: 2 days", "  - tag: wine\n    expires: 2 days", "9:5: \"expires\" belongs to a step that sends"),
    # the whole
    ("  event: order.delivered\n", "", "3:1: one of event, every, date, inactive_for, answer, running_low, late_delivery is needed here (none is there)"),
    ("  event: order.delivered\n", "  event: order.delivered\n  every: mondays at 9:00\n", "3:1: one of event, every, date, inactive_for, answer, running_low, late_delivery is needed here (event, every are there)"),
    ("  event: order.delivered\n", "  every: mondays at 9:00\n", "5:3: only an \"event\" can have a \"where\" (use audience)"),
    ("  event: order.delivered\n", "  event:\n", "4:3: nothing stands after \"event:\""),
    ("  - wait: 2 days", "  - wait: 2 days\n    between: 16:00-19:00", "9:5: \"between\" belongs to a step that sends"),
    ("  - wait: 2 days", "  - wait: 2 days\n    stop_if: order.late", "8:5: one of wait, wait_for, if, stop, stop_if, task, tag, untag, send is needed here (wait, stop_if are there)"),
    ("    expires: 2 days\n", "    expires: 2 days\n  - wait: 1 day\n", "13:5: nothing follows this step (add a send or delete it)"),
    ("    expires: 2 days", "    expires: 31 days", "12:14: no message is of use for more than 30 days (write \"expires: 30 days\" or less)"),
    ("    expires: 2 days", "    fallback: {email: spring}", "12:15: the fallback goes by email too (use the other channel)"),
    ("    expires: 2 days", "    content: recipes", "12:14: there are no recipes (write some into shop/recipes.yaml)"),
    # YAML itself
    ("name: Spring", "name: Spring: sale", '1:13: a second ":" on this line (put a text that contains ": " in quotes, and keys with values in { })'),
    ("name: Spring", "\tname: Spring", "1:1: a tab stands here (indent with spaces)"),
    ("name: Spring", "name: !!python/object:os.system Spring", "1:7: tags such as \"!!python/object:os.system\" are not read (delete it; a text that begins with ! needs quotes)"),
    ("name: Spring", "%YAML 1.1\n---\nname: Spring", "2:1: only YAML 1.2 is read (delete the %YAML line)"),
    ("name: Spring", "<<: {a: b}\nname: Spring", "1:1: merging with \"<<\" is not read (write the keys out)"),
    ("name: Spring", "? [a]\n: b\nname: Spring", "1:3: a key is one word (write it as key: value)"),
    ("name: Spring", "name: &a Spring\nopens_case: &a call", "2:13: the anchor \"&a\" is used twice"),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "problem"), WRONG)
def test_a_mistake_has_its_line_its_column_and_a_way_out(
    folder: Path, old: str, new: str, problem: str
) -> None:
    assert old in GOOD

    problems = found(folder, GOOD.replace(old, new, 1))

    assert problems[0] == f"campaigns/spring.yaml:{problem}"


def _trigger(text: str) -> str:
    head, _, rest = GOOD.partition("trigger:\n")
    return f"{head}trigger:\n{text}{rest[rest.index('audience') :]}".replace(
        "  - stop_if: order.refunded\n", ""
    )


# fmt: off
TRIGGERS = [
    ("  every: tusdays at 10:00\n", "4:10: \"tusdays\" is not a day of the week: did you mean \"tuesdays\"?"),
    ("  every: tuesdays\n", "4:10: \"tuesdays\" does not say when; write days and a time, for example \"tuesdays at 10:00\""),
    ("  every: tuesdays at noon\n", "4:10: \"noon\" is not a time of day; write hours and minutes from 00:00 to 23:59, for example 16:00"),
    ("  running_low: {staples: [eggs, mlik], at: 10:00}\n", "4:33: there is no staple \"mlik\" in shop/staples.yaml (did you mean \"milk\"?)"),
    ("  running_low: {staples: some, at: 10:00}\n", "4:26: write \"all\" or a list of staples, for example [eggs, milk]"),
    ("  running_low: {staples: all}\n", "4:3: the key \"at\" is missing (write \"at:\" here)"),
    ("  running_low: {at: 10:00, after: two orders}\n", "4:35: \"two orders\" is not a number of orders, for example \"2 orders\""),
    ("  late_delivery: {by: 15 minutes, confirmed_for: 2 minutes}\n", "4:3: the key \"worse_by\" is missing (write \"worse_by:\" here)"),
    ("  late_delivery: 15 minutes\n", "4:18: keys with values are needed here, not \"15 minutes\" (its keys are: by, confirmed_for, worse_by)"),
    ("  late_delivery:\n", "4:3: nothing stands after \"late_delivery:\""),
]
# fmt: on


@pytest.mark.parametrize(("trigger", "problem"), TRIGGERS)
def test_a_mistake_in_a_trigger_has_its_place(
    folder: Path, trigger: str, problem: str
) -> None:
    assert found(folder, _trigger(trigger))[0] == f"campaigns/spring.yaml:{problem}"


def test_all_mistakes_of_all_files_come_at_once(folder: Path) -> None:
    (folder / "autumn.yaml").write_text(GOOD.replace("limits", "limit"))
    (folder / "shop" / "shop.yaml").write_text("nam: x\n")
    source = GOOD.replace("2 days", "2 dyas").replace("purpose", "purpos")

    problems = found(folder, source)

    assert [p.split(": ")[0] for p in problems] == [
        "campaigns/autumn.yaml:13:1",
        "campaigns/shop/shop.yaml:1:1",
        "campaigns/spring.yaml:2:1",
        "campaigns/spring.yaml:8:11",
        "campaigns/spring.yaml:12:14",
    ]


def test_loading_raises_what_checking_lists(folder: Path) -> None:
    listed = found(folder, GOOD.replace("limits", "limit"))

    with pytest.raises(CampaignError) as caught:
        load_campaigns(folder)

    assert str(caught.value).splitlines() == listed


def test_all_mistakes_of_a_condition_have_their_column(folder: Path) -> None:
    problems = found(folder, GOOD.replace("order.refunded", "order.late == 1 or x.y"))

    assert [p.split(": ")[0] for p in problems] == [
        "campaigns/spring.yaml:9:28",
        "campaigns/spring.yaml:9:33",
    ]


@pytest.mark.parametrize(
    ("scalar", "place"),
    [
        (">-\n    customer.orders >= 1\n    and\n    customer.contry == 'GB'", "9:5"),
        ("|\n    customer.orders >= 1 and\n    customer.contry == 'GB'", "8:5"),
        (
            "|+ # two lines\n    customer.orders >= 1 and\n\n    customer.contry == 'GB'",
            "9:5",
        ),
        ("customer.orders >= 1\n  and customer.contry == 'GB'", "7:7"),
        ("'customer.country == ''GB'' and customer.contry == ''GB'''", "6:43"),
        ("\"customer.country == 'G\\u0042' and customer.contry == 'GB'\"", "6:46"),
        ('"customer.country == \\"GB\\" and customer.contry == \'GB\'"', "6:43"),
        ("\"customer.orders >= 1 and\n  customer.contry == 'GB'\"", "7:3"),
    ],
)
def test_a_mistake_is_found_in_a_text_of_any_style(
    folder: Path, scalar: str, place: str
) -> None:
    source = GOOD.replace("audience: customer.orders >= 1", f"audience: {scalar}")

    problems = found(folder, source)

    assert problems == [
        f'campaigns/spring.yaml:{place}: unknown field "customer.contry" (did you mean "customer.country"?)'
    ]


@pytest.mark.parametrize(
    "name", ["Spring.yaml", "spring.yml", "spring offer.yaml", "sprüng.yaml"]
)
def test_the_name_of_a_file_must_fit_an_id(folder: Path, name: str) -> None:
    problems = found(folder, GOOD, name)

    assert problems[0].startswith(f"campaigns/{name}:1:1: the name of the file is part")


def test_a_service_message_must_say_when_it_is_no_use_any_more(folder: Path) -> None:
    source = GOOD.replace("marketing", "service").replace("    expires: 2 days\n", "")

    assert found(folder, source) == [
        'campaigns/spring.yaml:10:5: a service message must say when it is no use any more (write "expires: 30 minutes" here)'
    ]


def test_a_campaign_that_sends_nothing_is_a_mistake(folder: Path) -> None:
    head = GOOD[: GOOD.index("  - stop_if")]

    assert found(folder, head) == [
        "campaigns/spring.yaml:7:1: no step sends anything (add a send)"
    ]


def test_a_folder_that_is_not_there_is_one_mistake(tmp_path: Path) -> None:
    problems = check_folder(tmp_path / "campaigns")

    assert [str(p) for p in problems] == [
        "campaigns:1:1: there is no such folder (start this in the folder that holds campaigns/ and templates/, "
        "or name that one with AFTERCART_ROOT)"
    ]


def test_without_a_folder_of_templates_nothing_is_said_about_them(folder: Path) -> None:
    (folder.parent / "templates").rename(folder.parent / "elsewhere")

    assert found(folder, GOOD.replace("{email: spring}", "{email: anything}")) == []


def test_a_broken_form_does_not_hide_the_mistakes_in_conditions(folder: Path) -> None:
    source = GOOD.replace("limits: 1 per 7 days", "limits: 3 per").replace(
        "order.refunded", "order.refundd"
    )

    mistakes = found(folder, source)

    assert [m.split(": ")[0] for m in mistakes] == [
        "campaigns/spring.yaml:9:14",
        "campaigns/spring.yaml:13:9",
    ]
