"""Filling in: what customers see, what is refused, and what never changes again."""

import os
from pathlib import Path
from typing import Any

import pytest
from mjml import mjml2html

from aftercart.errors import TemplateError
from aftercart.model import Channel
from aftercart.rendering import Renderer, Template, sample_values
from tests.unit.rendering.shelf import body, fill

HOSTILE = [
    "{{7*7}}",
    "{% for x in range(9) %}x{% endfor %}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{# not a comment #}",
    "Robert'); DROP TABLE customers;--",
    "${7*7} #{7*7} <%= 7*7 %>",
]


def _values(first_name: str = "Ann") -> dict[str, Any]:
    values = sample_values()
    values["customer"]["first_name"] = first_name
    return values


@pytest.mark.parametrize("name", HOSTILE)
def test_a_customers_name_is_shown_as_it_is_and_never_run(
    tmp_path: Path, name: str
) -> None:
    renderer = Renderer(fill(tmp_path / "templates"))

    mail = renderer.render(renderer.template("hello"), Channel.EMAIL, _values(name))

    assert f"Hello {name}" in mail.text
    assert mail.subject == f"Hello {name}"
    assert "<script" not in mail.html and "<img src=x" not in mail.html
    assert "49" not in mail.html.replace("#f4", "")
    assert name.count("{{") == mail.html.count("{{")


def test_a_name_with_line_breaks_adds_no_header_and_no_line(tmp_path: Path) -> None:
    renderer = Renderer(fill(tmp_path / "templates"))
    name = "Ann\r\nBcc: all@shop.example\u2028\x00\u202etxt"

    mail = renderer.render(renderer.template("hello"), Channel.EMAIL, _values(name))
    sms = renderer.render(renderer.template("hello"), Channel.SMS, _values(name))

    for text in (mail.subject, sms.text, mail.text.splitlines()[0]):
        assert text.isprintable()
        assert "Bcc" in text


@pytest.mark.parametrize(
    "escape",
    [
        "{{ customer.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ customer.first_name.upper() }}",
        "{{ order.items.pop() }}",
        "{{ customer['__class__'] }}",
        "{{ button.__globals__ }}",
        "{{ range.__self__ }}",
        "{{ range(201) | list | length }}",
        "{{ 'a' * shop.name }}",
        "{{ 'a%9999s' % 'a' }}",
        "{{ shop.name * 9 }}",
        "{{ shop.name % 9 }}",
        "{{ shop.name + shop.name }}",
        "{{ order.items * 9 }}",
        "{{ shop.call() }}",
        "{{ lipsum() }}",
        "{{ cycler('a') }}",
        "{{ namespace(a=1) }}",
        "{{ self }}",
        "{{ customer }}",
        "{{ order.items }}",
        "{{ customer.first_name | map(attribute='__class__') | list | join }}",
    ],
)
def test_nothing_but_plain_values_can_be_reached(tmp_path: Path, escape: str) -> None:
    renderer = Renderer(fill(tmp_path / "templates", sms_txt=f"Hello {escape}\n"))
    values = _values()
    values["shop"]["call"] = lambda: "called"

    with pytest.raises(TemplateError) as caught:
        renderer.render(renderer.template("hello"), Channel.SMS, values)

    assert caught.value.problems[0].file == "templates/hello/sms.txt"


def test_the_items_of_an_order_are_its_items_and_not_a_method(tmp_path: Path) -> None:
    line = (
        "{% for item in order.items %}{{ item.quantity }} {{ item.name }}, {% endfor %}"
    )
    renderer = Renderer(fill(tmp_path / "templates", sms_txt=line))

    sms = renderer.render(renderer.template("hello"), Channel.SMS, _values())

    assert sms.text == "2 Chicken thighs, 1 Leeks, 4 Lemons,"


def test_an_unknown_name_in_a_body_is_told_with_its_file_line_and_column(
    tmp_path: Path,
) -> None:
    line = "<mj-text>A {{ shop.name }} B {{ custmer.first_name }}</mj-text>"
    renderer = Renderer(fill(tmp_path / "templates", body_mjml=body(line)))

    with pytest.raises(TemplateError) as caught:
        renderer.render(renderer.template("hello"), Channel.EMAIL, _values())

    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == (
        "templates/hello/body.mjml",
        2,
        line.index("custmer") + 1,
    )
    assert 'no "custmer"' in problem.message
    assert problem.hint == 'did you mean "customer"?'


def test_an_unknown_name_in_a_shared_file_is_told_where_it_stands(
    tmp_path: Path,
) -> None:
    macros = '{% macro button(label, link) %}\n<a href="{{ link | url }}">{{ shop.nme }}</a>{% endmacro %}\n'
    renderer = Renderer(fill(tmp_path / "templates", base_macros_html=macros))

    with pytest.raises(TemplateError) as caught:
        renderer.render(renderer.template("hello"), Channel.EMAIL, _values())

    assert str(caught.value).startswith("templates/_base/macros.html:2:")
    assert 'did you mean "name"?' in str(caught.value)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        " https://a.example",
        "//a.example",
        "",
        "java\nscript:alert(1)",
        "JAVASCRIPT:x",
        "https://a.example/\nx",
        "vbscript:x",
    ],
)
def test_a_link_that_is_no_link_stops_the_message(tmp_path: Path, link: str) -> None:
    renderer = Renderer(fill(tmp_path / "templates"))
    values = sample_values()
    values["shop"]["url"] = link

    with pytest.raises(TemplateError, match="is not a link"):
        renderer.render(renderer.template("hello"), Channel.EMAIL, values)


def test_a_subject_file_cannot_turn_the_direction_of_reading(tmp_path: Path) -> None:
    renderer = Renderer(fill(tmp_path / "templates", subject_txt="Hi\u202e\r\nBcc: x"))

    mail = renderer.render(renderer.template("hello"), Channel.EMAIL, _values())

    assert mail.subject == "Hi  Bcc: x"


def test_a_quote_in_a_link_does_not_end_the_attribute(tmp_path: Path) -> None:
    renderer = Renderer(fill(tmp_path / "templates"))
    values = sample_values()
    values["shop"]["url"] = 'https://a.example/"onclick="x'

    mail = renderer.render(renderer.template("hello"), Channel.EMAIL, values)

    assert 'href="https://a.example/&#34;onclick=&#34;x"' in mail.html


def test_a_message_that_is_too_long_is_refused_and_never_cut(tmp_path: Path) -> None:
    renderer = Renderer(fill(tmp_path / "templates"))
    template = renderer.template("hello")

    with pytest.raises(TemplateError, match="1,600"):
        renderer.render(template, Channel.SMS, _values("a" * 1_600))
    with pytest.raises(TemplateError, match="262,144"):
        renderer.render(
            Template.from_sources("x", {**template.sources, "subject": "x"}),
            Channel.EMAIL,
            _values("a" * 262_144),
        )


def test_a_template_is_compiled_once_for_each_change_and_not_for_each_message(
    tmp_path: Path,
) -> None:
    runs: list[str] = []

    def counted(text: str) -> str:
        runs.append(text)
        return str(mjml2html(text))

    folder = fill(tmp_path / "templates")
    renderer = Renderer(folder, to_html=counted)

    for _ in range(5):
        renderer.render(renderer.template("hello"), Channel.EMAIL, _values())
    assert len(runs) == 1

    (folder / "hello" / "body.mjml").write_text(body("<mj-text>New</mj-text>"))
    renderer.template("hello")
    renderer.template("hello")
    assert len(runs) == 2

    (folder / "_base" / "footer.mjml").write_text("")
    renderer.template("hello")
    assert len(runs) == 3


def test_a_file_touched_without_a_change_keeps_the_version(tmp_path: Path) -> None:
    folder = fill(tmp_path / "templates")
    renderer = Renderer(folder)
    before = renderer.template("hello")

    os.utime(folder / "hello" / "sms.txt", (1, 1))

    assert renderer.template("hello").version == before.version


@pytest.mark.parametrize(
    "file", ["subject_txt", "preview_txt", "body_txt", "sms_txt", "base_footer_txt"]
)
def test_a_change_of_any_part_changes_the_version(tmp_path: Path, file: str) -> None:
    before = Renderer(fill(tmp_path / "templates")).template("hello")

    after = Renderer(fill(tmp_path / "templates", **{file: "other"})).template("hello")

    assert len(before.version) == 12
    assert after.version != before.version


def test_an_old_message_is_shown_again_byte_for_byte_when_its_files_are_gone(
    tmp_path: Path,
) -> None:
    folder = fill(tmp_path / "templates")
    renderer = Renderer(folder)
    template = renderer.template("hello")
    sent = renderer.render(template, Channel.EMAIL, _values())
    kept = dict(template.sources)

    for file in sorted(folder.rglob("*.*")):
        file.unlink()
    again = Template.from_sources("hello", kept)

    assert again.version == template.version
    assert Renderer(tmp_path).render(again, Channel.EMAIL, _values()) == sent


def test_two_places_of_one_template_are_told_apart_even_on_one_compiled_line(
    tmp_path: Path,
) -> None:
    line = "<mj-text>{{ shop.name }}{{ shop.name }}{{ shop.x }}</mj-text>"
    renderer = Renderer(fill(tmp_path / "templates", body_mjml=body(line)))

    with pytest.raises(TemplateError) as caught:
        renderer.render(renderer.template("hello"), Channel.EMAIL, _values())

    assert caught.value.problems[0].column == line.index("shop.x") + len("shop.") + 1


@pytest.mark.parametrize("name", ["../hello", "_base", "hello/..", "", "HELLO", "nope"])
def test_only_a_template_of_the_folder_can_be_asked_for(
    tmp_path: Path, name: str
) -> None:
    renderer = Renderer(fill(tmp_path / "templates"))

    with pytest.raises(TemplateError, match="no such template"):
        renderer.template(name)


def test_a_shared_file_outside_of_base_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = fill(tmp_path / "templates")
    (folder / "_base" / "footer.txt").unlink()
    (folder / "_base" / "footer.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(TemplateError, match="link to another file"):
        Renderer(folder).template("hello")


def test_a_template_without_a_part_says_which_file_is_missing(tmp_path: Path) -> None:
    renderer = Renderer(fill(tmp_path / "templates", sms_txt=None))

    with pytest.raises(TemplateError, match=r"has no sms\.txt"):
        renderer.render(renderer.template("hello"), Channel.SMS, _values())


def test_the_preview_line_stands_in_the_html_escaped(tmp_path: Path) -> None:
    renderer = Renderer(
        fill(tmp_path / "templates", preview_txt="Fish & chips, {{ shop.name }}")
    )
    template = renderer.template("hello")
    values = sample_values()
    values["shop"]["name"] = "A<b>"

    mail = renderer.render(template, Channel.EMAIL, values)

    assert "Fish &amp; chips, A&lt;b&gt;" in mail.html
    assert renderer.preview(template, values) == "Fish & chips, A<b>"


@pytest.mark.parametrize(
    "words",
    ["{% if %}", "{% include '_base/nobody.txt' %}", "Hello {{ customer.frist_name }}"],
    ids=["torn", "no such part", "no such name"],
)
def test_a_change_that_cannot_be_used_leaves_the_template_as_it_was(
    tmp_path: Path, words: str
) -> None:
    folder = fill(tmp_path / "templates")
    renderer = Renderer(folder)
    before = renderer.template("hello")

    (folder / "hello" / "body.txt").write_text(words)
    broken = [renderer.template("hello") for _ in range(2)]
    (folder / "hello" / "body.txt").write_text(
        'Good day {{ customer.first_name }}\n{% include "_base/footer.txt" %}\n'
    )
    mended = renderer.template("hello")

    assert broken == [before, before]
    assert "Good day" in renderer.render(mended, Channel.EMAIL, _values()).text


def test_a_template_that_never_could_be_used_says_why(tmp_path: Path) -> None:
    renderer = Renderer(fill(tmp_path / "templates", body_txt="{% if %}"))

    for _ in range(2):
        with pytest.raises(TemplateError, match=r"body\.txt"):
            renderer.template("hello")
