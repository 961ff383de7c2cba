"""Every rule of `check`, each shown by a template that breaks it and nothing else."""

from pathlib import Path

import pytest

from aftercart.model import Purpose
from aftercart.rendering import check
from tests.unit.rendering.shelf import GOOD, TEXT_LINE, body, fill


def test_a_sound_template_has_no_problem(tmp_path: Path) -> None:
    assert check(fill(tmp_path / "templates")) == []


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        # names
        ("<mj-text>{{ custmer.first_name }}</mj-text>", 13, 'did you mean "customer"?'),
        (
            "<mj-text>{{ customer.firstname }}</mj-text>",
            22,
            'did you mean "first_name"?',
        ),
        (
            "<mj-text>{% for i in order.items %}{{ i.nam }}{% endfor %}</mj-text>",
            41,
            '"name"',
        ),
        ("<mj-text>{{ order.items.name }}</mj-text>", 25, "asked of a list"),
        ("<mj-text>{{ staples[0].nmae }}</mj-text>", 24, '"name"'),
        (
            "<mj-text>{{ staples | map(attribute='nme') | join }}</mj-text>",
            38,
            '"name"',
        ),
        (
            "<mj-text>{% if not shop.name %}{% set one = staples[0] %}{{ one.nmae }}{% endif %}</mj-text>",
            65,
            '"name"',
        ),
        ("<mj-text>{{ buton('a', shop.url) }}</mj-text>", 13, 'did you mean "button"?'),
        # syntax
        ("<mj-text>{% if shop.name %}x</mj-text>", 10, "end it with {% endif %}"),
        ("<mj-text>{{ shop.name </mj-text>", 10, "opened and not closed"),
        ("<mj-text>{{ shop.name + }}</mj-text>", 10, "expected"),
        # constructs
        ("<mj-text>{{ shop.name | safe }}</mj-text>", 10, 'no filter "safe"'),
        ("<mj-text>{{ shop.name | uper }}</mj-text>", 10, 'did you mean "upper"?'),
        (
            "<mj-text>{% autoescape false %}x{% endautoescape %}</mj-text>",
            10,
            "autoescape",
        ),
        ("<mj-text>{% import 'x' as y %}</mj-text>", 10, "import is not for templates"),
        ("<mj-text>{% include 'hello/sms.txt' %}</mj-text>", 10, "include is not for"),
        (
            "<mj-text>{% include '_base/foot.mjml' %}</mj-text>",
            10,
            "no _base/foot.mjml",
        ),
        ("<mj-text>{% extends 'x' %}</mj-text>", 10, "extends is not for templates"),
        ("<mj-text>{{ 'x' * 99 }}</mj-text>", 10, "cannot be multiplied"),
        ("<mj-text>{{ 2 ** 9 }}</mj-text>", 10, "** is not for templates"),
        ("<mj-text>{{ 123456 }}</mj-text>", 10, "too big"),
        (
            "<mj-text>{% set a = 'x' %}{% set b = a ~ a %}{{ b }}</mj-text>",
            27,
            "made by set",
        ),
        (
            "<mj-text>"
            + "{% for a in range(9) %}" * 3
            + "x"
            + "{% endfor %}" * 3
            + "</mj-text>",
            56,
            "3 loops",
        ),
        # places that escaping does not protect
        (
            '<mj-text><a href="{{ shop.url }}">x</a></mj-text>',
            19,
            "{{ shop.url | url }}",
        ),
        ('<mj-button href="{{ shop.url }}">x</mj-button>', 18, "{{ shop.url | url }}"),
        (
            '<mj-text><a href="javascript:x">x</a></mj-text>',
            19,
            "not a link that works",
        ),
        ("<mj-text><b title={{ shop.name }}>x</b></mj-text>", 19, "no quotes"),
        ('<mj-text><b onclick="{{ shop.name }}">x</b></mj-text>', 22, "which is code"),
        ('<mj-text><b style="{{ shop.name }}">x</b></mj-text>', 20, "which is code"),
        ("<mj-text><b {{ shop.name }}>x</b></mj-text>", 13, "between attributes"),
        ("<mj-text><style>{{ shop.name }}</style></mj-text>", 17, "inside <style>"),
        ("<mj-text><!-- {{ shop.name }} --></mj-text>", 15, "inside a comment"),
        ("<mj-text><script>x</script></mj-text>", 10, "no place in a message"),
        ("<mj-text><iframe></iframe></mj-text>", 10, "no place in a message"),
        ("<mj-text><form></form></mj-text>", 10, "no place in a message"),
        # markup
        ('<mj-text><img src="https://a.example/a.png"></mj-text>', 10, "has no alt"),
        ("<mj-text><b title=x>x</b></mj-text>", 19, 'write title="x"'),
        ('<mj-image src="https://a.example/a.png" />', 1, "has no alt"),
        ("<mj-txt>x</mj-txt>", 1, 'did you mean "mj-text"?'),
        ("<mj-text>x", 1, "<mj-text> is not closed"),
        ("{{ shop.name }}<mj-table></mj-column>", 16, "<mj-table> is not closed"),
    ],
)
def test_a_mistake_in_a_body_is_told_at_its_place(
    tmp_path: Path, line: str, column: int, words: str
) -> None:
    folder = fill(tmp_path / "templates", body_mjml=body(line))

    found = check(folder)

    at = [p for p in found if (p.file, p.line) == ("templates/hello/body.mjml", 2)]
    assert [p for p in at if p.column == column and words in str(p)], found


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("subject_txt", None, "an e-mail needs subject.txt"),
        ("preview_txt", None, "an e-mail needs preview.txt"),
        ("body_mjml", None, "an e-mail needs body"),
        ("subjet_txt", "x", 'did you mean "subject.txt"?'),
        ("body_html", "x", "there is a body.mjml too"),
        ("body_mjml", TEXT_LINE, "needs message.unsubscribe_url"),
        ("body_txt", "{{ shop.address }}", "needs message.unsubscribe_url"),
        ("body_txt", "{{ message.unsubscribe_url }}", "needs shop.address"),
        ("subject_txt", "x" * 46, "46 characters"),
        ("subject_txt", "{% if 1 == 2 %}x{% endif %}", "the subject is empty"),
        ("preview_txt", "Too short", "40 to 110"),
        ("preview_txt", "x" * 111, "40 to 110"),
        ("preview_txt", "Hello Ann, here is the same line again, for everybody.", "repeats"),
        ("sms_txt", "Hello. STOP to end", "begins with shop.name"),
        ("sms_txt", "{{ shop.name }}: hello", "a marketing SMS must say how to end it"),
        ("sms_txt", "{{ shop.name }} STOP " + "x" * 450, "costs 4 SMS in GSM-7"),
        ("sms_txt", "{{ shop.name }} STOP “" + "x" * 190, "costs 4 SMS in UCS-2"),
        ("sms_txt", "{{ shop.name }} STOP bit.ly/x", "bit.ly/ is shared"),
        ("base_macros_html", "{% macro button(a, b) %}{{ button(a, b) }}{% endmacro %}", "calls button"),
        ("base_footer_txt", '{% include "_base/footer.txt" %}', "too deeply"),
    ],
)  # fmt: skip
def test_a_message_that_lacks_something_is_told(
    tmp_path: Path, file: str, text: str | None, words: str
) -> None:
    folder = fill(tmp_path / "templates", **{file: text})

    found = check(folder)

    assert [p for p in found if words in str(p)], found


def test_html_that_mailboxes_would_cut_off_is_told(tmp_path: Path) -> None:
    long = "<mj-text>{% for i in range(150) %}" + "x" * 700 + "{% endfor %}</mj-text>"
    folder = fill(tmp_path / "templates", body_mjml=body(long))

    (problem,) = check(folder)

    assert "bytes of HTML" in problem.message


def test_a_service_message_must_not_offer_a_way_out_that_it_does_not_have(
    tmp_path: Path,
) -> None:
    folder = fill(tmp_path / "templates")

    found = check(folder, purposes={"hello": Purpose.SERVICE})

    assert {p.file for p in found} == {
        "templates/hello/body.mjml",
        "templates/hello/body.txt",
    }
    assert all("service message" in p.message for p in found)


def test_the_footer_of_service_messages_excuses_only_who_is_not_known_as_marketing(
    tmp_path: Path,
) -> None:
    folder = fill(
        tmp_path / "templates",
        sms_txt=None,
        base_footer_service_txt=None,
        body_mjml=GOOD["hello/body.mjml"].replace("footer.mjml", "footer-service.mjml"),
        body_txt='Hello\n{% include "_base/footer-service.txt" %}\n',
    )
    (folder / "_base" / "footer-service.txt").write_text("{{ message.why }}")
    (folder / "_base" / "footer-service.mjml").write_text(
        "<mj-section><mj-column><mj-text>{{ message.why }}</mj-text></mj-column></mj-section>"
    )

    assert check(folder) == []
    assert check(folder, purposes={"hello": Purpose.MARKETING}) != []


def test_all_problems_come_at_once_and_one_in_a_shared_file_comes_once(
    tmp_path: Path,
) -> None:
    folder = fill(
        tmp_path / "templates",
        base_footer_txt=GOOD["_base/footer.txt"] + "{{ shop.adress }}",
        subject_txt="{{ shop.nam }}",
        sms_txt="{{ shop.name }} {{ shp.url }}",
    )
    for file in (folder / "hello").iterdir():
        (folder / "second").mkdir(exist_ok=True)
        (folder / "second" / file.name).write_text(file.read_text())

    found = check(folder)

    assert [p.file.removeprefix("templates/") for p in found] == [
        "_base/footer.txt",
        "hello/sms.txt",
        "hello/subject.txt",
        "second/sms.txt",
        "second/subject.txt",
    ]


def test_mjml_that_cannot_be_read_is_told_where_it_fails(tmp_path: Path) -> None:
    folder = fill(tmp_path / "templates", body_mjml=body("<mj-text>1 < 2</mj-text>"))

    found = check(folder)

    assert any("a bare <" in p.message and p.line == 2 for p in found)
    assert not any("MJML cannot read this" in p.message for p in found)


def test_what_only_mjml_understands_is_told_in_its_words_at_its_place(
    tmp_path: Path,
) -> None:
    layout = GOOD["_base/layout.mjml"].replace("<mj-head>", "<mj-head>{{ shop.name }}")
    folder = fill(tmp_path / "templates", base_layout_mjml=layout)

    (problem,) = check(folder)

    assert problem.file == "templates/_base/layout.mjml"
    assert "MJML cannot read this" in problem.message


def test_a_tag_that_mjml_would_swallow_is_told(tmp_path: Path) -> None:
    unused = '<mj-head><mj-attributes><mj-class name="x" color="{{ shop.name }}" /></mj-attributes>'
    layout = GOOD["_base/layout.mjml"].replace("<mj-head>", unused)
    folder = fill(tmp_path / "templates", base_layout_mjml=layout)

    (problem,) = check(folder)

    assert (problem.file, problem.line) == ("templates/_base/layout.mjml", 1)
    assert "MJML drops {{" in problem.message


def test_a_folder_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    (problem,) = check(tmp_path / "nowhere")

    assert "no such folder" in problem.message


def test_a_code_that_the_campaign_does_not_bring_is_told_with_its_place(
    tmp_path: Path,
) -> None:
    text = 'Hello {{ customer.first_name }}\nCode: {{ coupon.code }}\n{% include "_base/footer.txt" %}\n'
    folder = fill(tmp_path / "templates", body_txt=text)

    assert check(folder) == check(folder, coupons={"hello"}) == []
    (problem,) = check(folder, coupons=set())
    assert problem.place == "templates/hello/body.txt:2:10"
    assert "coupons.yaml" in problem.hint


def test_a_word_that_the_messages_of_its_campaign_do_not_have_is_told(
    tmp_path: Path,
) -> None:
    text = (
        "Hello {{ customer.first_name }}\nFor {{ order.number }}:\n"
        "{% for order in staples %}{{ order.name }}{% endfor %}\n"
        '{% include "_base/footer.txt" %}\n'
    )
    folder = fill(tmp_path / "templates", body_txt=text)

    assert check(folder) == []
    (problem,) = check(folder, lacking={"hello": {"order": "spring", "recipe": "x"}})
    assert str(problem) == (
        'templates/hello/body.txt:2:8: there is no "order" in the messages of spring '
        "(only campaigns that start with an event of an order, or a late delivery, have one)"
    )


@pytest.mark.parametrize(
    ("line", "column", "word"),
    [
        ("Late, sorry. Here is a Discount for you", 24, "Discount"),
        ("Late, but 20% off next time", 13, "% off"),
        ("Ein Gutschein folgt", 5, "Gutschein"),
    ],
)
def test_advertising_in_a_service_message_is_told_with_its_place(
    tmp_path: Path, line: str, column: int, word: str
) -> None:
    folder = fill(tmp_path / "templates", sms_txt=f"{{{{ shop.name }}}}\n{line}\n")

    found = check(folder, purposes={"hello": Purpose.SERVICE})
    (problem,) = [p for p in found if "is advertising" in p.message]

    assert problem.place == f"templates/hello/sms.txt:2:{column}"
    assert f'"{word}"' in problem.message and "purpose is marketing" in problem.hint
    assert not [p for p in check(folder) if "is advertising" in p.message]


def test_a_wholesaler_may_say_what_he_is(tmp_path: Path) -> None:
    folder = fill(tmp_path / "templates", sms_txt="{{ shop.name }} wholesale\n")

    found = check(folder, purposes={"hello": Purpose.SERVICE})

    assert not [p for p in found if "is advertising" in p.message]


def test_a_link_shortener_is_told_with_its_line(tmp_path: Path) -> None:
    folder = fill(tmp_path / "templates", sms_txt="{{ shop.name }} STOP\nbit.ly/x\n")

    (problem,) = check(folder)

    assert problem.place == "templates/hello/sms.txt:2:1"


def test_a_text_that_costs_too_much_says_which_character_makes_it_so(
    tmp_path: Path,
) -> None:
    dear = "{{ shop.name }} \u2019 STOP " + "x" * 250
    folder = fill(tmp_path / "templates", sms_txt=dear)

    (problem,) = set(check(folder))

    assert "in UCS-2" in problem.message
    assert "U+2019" in problem.hint and 'write "\'"' in problem.hint
