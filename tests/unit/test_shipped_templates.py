"""The shipped campaigns' messages as they ship: sound, readable with much and with little, and in the promised words."""

from pathlib import Path
from typing import Any

import pytest

from aftercart import sms
from aftercart.model import Channel, Purpose
from aftercart.rendering import Renderer, check, sample_values

FOLDER = Path(__file__).parents[2] / "templates"
PURPOSES = {
    "recipe-follow-up": Purpose.MARKETING,
    "reorder-nudge": Purpose.MARKETING,
    "delivery-delay": Purpose.SERVICE,
    "nps-survey": Purpose.SURVEY,
    "birthday": Purpose.MARKETING,
    "win-back": Purpose.MARKETING,
}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(FOLDER)


def _staples(*names: str) -> dict[str, Any]:
    values = sample_values()
    one = {"product": "Free-range eggs", "days_ago": 10, "last_day": "Tuesday 3 March"}
    values["staples"] = [{"name": name, **one} for name in names]
    return values


def test_no_shipped_template_has_a_problem() -> None:
    assert check(FOLDER, purposes=PURPOSES) == []
    assert check(FOLDER) == []


@pytest.mark.parametrize("name", PURPOSES)
@pytest.mark.parametrize("sparse", [False, True])
def test_every_message_reads_well_with_much_and_with_little(
    renderer: Renderer, name: str, sparse: bool
) -> None:
    values = sample_values(sparse=sparse)

    mail = renderer.render(renderer.template(name), Channel.EMAIL, values)

    assert mail.text.startswith("Hello,\n" if sparse else "Hello Ann,\n")
    for gap in ("  ", " ,", " .", "\n\n\n", "None", "{{", "{%"):
        assert gap not in mail.text
    for start in (mail.html.find("{{"), mail.html.find("{%"), mail.html.find("<img")):
        assert start == -1
    assert len(mail.html) < 20_000


@pytest.mark.parametrize("name", sorted(PURPOSES.keys() - {"delivery-delay"}))
def test_every_marketing_and_survey_mail_shows_the_way_out_in_both_parts(
    renderer: Renderer, name: str
) -> None:
    values = sample_values()

    mail = renderer.render(renderer.template(name), Channel.EMAIL, values)

    for part in (mail.html, mail.text):
        assert values["message"]["unsubscribe_url"] in part
        assert values["message"]["why"] in part
        assert values["shop"]["address"] in part


@pytest.mark.parametrize("name", PURPOSES)
@pytest.mark.parametrize(
    "address",
    ["Meadow Grocer, 14 Orchard Lane", "14 Orchard Lane", "14 Meadow Grocer Lane"],
)
def test_the_foot_names_the_shop_once_whether_or_not_its_address_does(
    renderer: Renderer, name: str, address: str
) -> None:
    values = sample_values()
    values["shop"]["address"] = address

    mail = renderer.render(renderer.template(name), Channel.EMAIL, values)

    whole = "Meadow Grocer, " + address.removeprefix("Meadow Grocer, ")
    for part in (mail.html, mail.text):
        assert whole in part
        assert f"Meadow Grocer, {whole}" not in part


def test_the_delay_is_told_without_an_unsubscribe_link(renderer: Renderer) -> None:
    values = sample_values()
    del values["message"]["unsubscribe_url"], values["message"]["preferences_url"]

    mail = renderer.render(renderer.template("delivery-delay"), Channel.EMAIL, values)

    assert "nsubscribe" not in mail.html + mail.text
    assert "18:40" in mail.html and "18:40" in mail.text


def test_the_delay_by_sms_costs_one_part_in_the_promised_words(
    renderer: Renderer,
) -> None:
    template = renderer.template("delivery-delay")

    text = renderer.render(template, Channel.SMS, sample_values()).text

    assert text == (
        "Meadow Grocer: your order is running late, now about 18:40. "
        "No need to call, we will text if that changes."
    )
    assert (sms.measure(text).encoding, sms.measure(text).parts) == ("GSM-7", 1)


def test_the_delay_without_a_new_time_promises_none(renderer: Renderer) -> None:
    template = renderer.template("delivery-delay")
    values = sample_values(sparse=True)

    text = renderer.render(template, Channel.SMS, values).text
    mail = renderer.render(template, Channel.EMAIL, values)

    assert text.startswith("Meadow Grocer: your order is running late. No need to call")
    assert sms.measure(text).parts == 1
    assert "about" not in text + mail.text


@pytest.mark.parametrize(
    ("staples", "subject"),
    [
        (["eggs"], "Time to check your egg supply?"),
        (["milk"], "Time to check your milk supply?"),
        (["eggs", "milk"], "Time to check your eggs and milk?"),
        (["eggs", "milk", "oil"], "Time to check your eggs, milk and oil?"),
        (["olive oil", "washing powder"], "Time to check your kitchen staples?"),
        (["eggs", "milk", "oil", "tea"], "Time to check your kitchen staples?"),
    ],
)
def test_the_nudge_names_its_staples_in_good_grammar_and_fits_a_phone(
    renderer: Renderer, staples: list[str], subject: str
) -> None:
    template = renderer.template("reorder-nudge")

    mail = renderer.render(template, Channel.EMAIL, _staples(*staples))

    assert mail.subject == subject
    assert len(mail.subject) <= 45
    assert mail.html.count("Last ordered 10 days ago, on Tuesday 3 March") == len(
        staples
    )


def test_the_nudge_for_one_staple_says_when_it_was_last_ordered(
    renderer: Renderer,
) -> None:
    template = renderer.template("reorder-nudge")

    mail = renderer.render(template, Channel.EMAIL, _staples("eggs"))

    words = "Time to check your egg supply? Your last order was 10 days ago."
    assert words in mail.text


def test_the_recipe_is_about_what_was_bought(renderer: Renderer) -> None:
    template = renderer.template("recipe-follow-up")
    values = sample_values()

    mail = renderer.render(template, Channel.EMAIL, values)

    assert mail.subject == "Your chicken from Tuesday"
    assert "for what is in your fridge" in renderer.preview(template, values)
    for line in (*values["recipe"]["ingredients"], *values["recipe"]["steps"]):
        assert line in mail.html and line in mail.text


def test_the_survey_has_eleven_equal_buttons_in_order(renderer: Renderer) -> None:
    template = renderer.template("nps-survey")
    values = sample_values()

    mail = renderer.render(template, Channel.EMAIL, values)

    places = [mail.html.find(f'href="{s["url"]}"') for s in values["survey"]["scores"]]
    assert places == sorted(places) and places[0] > 0
    looks = {chunk.split(">")[0] for chunk in mail.html.split("?score=")[1:]}
    assert len({look.split('" ', 1)[1] for look in looks}) == 1
    assert "How likely are you to recommend us to a friend?" in mail.html
    assert "How likely are you to recommend us to a friend?" in mail.text


def test_the_birthday_card_shows_its_code_in_both_parts(renderer: Renderer) -> None:
    values = sample_values()

    mail = renderer.render(renderer.template("birthday"), Channel.EMAIL, values)

    assert mail.subject == "Happy birthday, Ann"
    for part in (mail.html, mail.text):
        assert values["coupon"]["code"] in part


def test_a_birthday_name_that_is_too_long_for_a_phone_stays_out_of_the_subject(
    renderer: Renderer,
) -> None:
    values = sample_values()
    values["customer"]["first_name"] = "Maximiliane-Alexandrina"

    mail = renderer.render(renderer.template("birthday"), Channel.EMAIL, values)

    assert mail.subject == "Happy birthday"


@pytest.mark.parametrize("name", ["recipe-follow-up", "delivery-delay"])
@pytest.mark.parametrize("sparse", [False, True])
def test_the_german_messages_read_well_and_hold_no_english(
    renderer: Renderer, name: str, sparse: bool
) -> None:
    template = renderer.template(name, "de")
    values = sample_values(sparse=sparse, locale="de")

    mail = renderer.render(template, Channel.EMAIL, values)

    assert mail.text.startswith("Hallo,\n" if sparse else "Hallo Ann,\n")
    for gap in ("  ", " ,", " .", "\n\n\n", "None", "{{", "{%"):
        assert gap not in mail.text
    for word in ("Unsubscribe", "You ", "Your", "Open", "Tuesday"):
        assert word not in mail.html
        assert word not in mail.text


@pytest.mark.parametrize("sparse", [False, True])
def test_the_delay_in_german_costs_one_part(renderer: Renderer, sparse: bool) -> None:
    template = renderer.template("delivery-delay", "de-AT")

    text = renderer.render(template, Channel.SMS, sample_values(sparse=sparse)).text

    assert (sms.measure(text).encoding, sms.measure(text).parts) == ("GSM-7", 1)
