"""Plain text that is made of the body: what it says, in which order, and that nothing that stands in a file upsets it."""

import re
import shutil
import time
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart.model import Channel
from aftercart.rendering import Renderer, check, plain, sources, tags
from aftercart.rendering.vocabulary import sample_values
from tests.unit.rendering.shelf import body, fill

ROOT = Path(__file__).parents[3]


def _filled(source: str, **values: object) -> str:
    """The plain text of a body, filled in as a template of the product's is, but without its sandbox."""
    made = plain.made_of(tags.split(source, "body.html"))
    text = "".join(piece.text for piece in made)
    assert plain.is_made(text)
    return plain.tidy(jinja2.Template(text).render(**values))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>two,\n  three</p>", "One\n\ntwo, three"),
        ("<mj-text>One</mj-text>\n<mj-text>two</mj-text>", "One\n\ntwo"),
        ("<div>One</div><div>two</div>", "One\ntwo"),
        ("One<br>two<br/><br />three", "One\ntwo\n\nthree"),
        ("<ul><li>One</li><li>two</li></ul>after", "- One\n- two\n\nafter"),
        ("<table><tr><td>1.</td><td>One</td></tr><tr><th>2.</th></tr></table>", "1. One\n2."),
        ("Fish &amp; chips&nbsp;&pound;5 &lt;3 a&shy;b&zwnj;", "Fish & chips £5 <3 ab"),
        ("5 < 6 and <strong>7</strong> > 6", "5 < 6 and 7 > 6"),
        # links
        ('<a href="https://shop.example/a?b=1&amp;c=2">Shop</a> now', "Shop: https://shop.example/a?b=1&c=2 now"),
        ("<a href='https://shop.example/'>shop.example</a>", "https://shop.example/"),
        ('<a href="mailto:us@shop.example">us@shop.example</a>', "us@shop.example"),
        ('<a href="mailto:us@shop.example">Write</a>', "Write: mailto:us@shop.example"),
        ('<a href="tel:+441632960000">+441632960000</a>', "+441632960000"),
        ('<a href="https://a.example/">A</a> &nbsp;·&nbsp; <a href="https://b.example/">B</a>', "A: https://a.example/\nB: https://b.example/"),
        ("<a>Nowhere</a> and <a href='https://a.example/x'></a>", "Nowhere and https://a.example/x"),
        ('<a href="https://a.example/x"><div>In</div><div>two</div></a>', "In two: https://a.example/x"),
        ('One<mj-button href="https://a.example/x">Go</mj-button>two', "One\n\nGo: https://a.example/x\n\ntwo"),
        ('<a href="https://a.example/x">never shut', "never shut: https://a.example/x"),
        ("shut</a> twice</a>", "shut twice"),
        # pictures
        ('<img src="x.png" alt="A cake"> and <img alt="" src="y.png">', "A cake and"),
        ('<mj-image src="x.png" alt="A cake" href="https://a.example/x" />', "A cake: https://a.example/x"),
        ('<a href="https://a.example/x"><img src="x.png" alt="A cake"></a> now', "A cake: https://a.example/x now"),
        ('<a href="https://a.example/x"><img src="x.png" alt=""></a>', "https://a.example/x"),
        ("<a href='#top'>Up</a>", "Up"),
        # what is not read
        ("<head><title>T</title><style>a{}</style></head><style>b{}</style>One", "One"),
        ('<div style="color:red;display: none"><div>hidden</div> line</div>One', "One"),
        ("One<!-- two --> three<!--[if mso]><table><![endif]--> four", "One three four"),
        ("One <!-- never shut", "One"),
        ("<mjml><mj-head><mj-title>T</mj-title></mj-head><mj-body><mj-raw>One</mj-raw></mj-body></mjml>", "One"),
        # signs that are used inside are no words
        ("One ⿵7⿵ two ⿲⿴⿳⿻ three", "One 7 two three"),
        ("<p>One</p><hr><mj-divider border-width='1px'/><p>two</p>", "One\n\ntwo"),
    ],
)  # fmt: skip
def test_a_body_is_read_aloud_without_its_looks(source: str, text: str) -> None:
    assert _filled(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hello{% if name %} {{ name }}{% endif %},", "Hello Ann,"),
        ("<p>One</p>{% if not name %}<p>two</p>{% endif %}<p>three</p>", "One\n\nthree"),
        ("<table>{% for n in [1, 2] %}<tr><td>{{ n }}</td></tr>{% endfor %}</table>", "1\n2"),
        ('<a href="{{ link }}">{{ name }}</a>', "Ann: https://a.example/x"),
        ('<a href="mailto:{{ mail }}">{{ mail }}</a>', "ann@a.example"),
        ('<a href="{% if name %}{{ link }}{% else %}https://b.example/{% endif %}">Go</a>', "Go: https://a.example/x"),
        # a tag of Jinja that opens or closes stays, whatever becomes of what is around it
        ('<p class="{% if name %}a{% else %}b{% endif %}">One</p>', "One"),
        ("<p {% if name %}hidden{% endif %}>One</p>", "One"),
        ("<!-- {% if not name %} -->One<!-- {% endif %} -->two", "two"),
        ("<style>{% if not name %}</style>One<style>{% endif %}</style>two", "two"),
        ("<title>{{ nobody.knows.this }}</title>One", "One"),
        ("{# a note #}One{# and another #}", "One"),
        ("{% macro card(x) %}<div>{{ x }}</div><div>below</div>{% endmacro %}<p>{{ card(name) }}</p>", "Ann\nbelow"),
        # braces that are words are no tags
        ("&#123;&#123; name }} &#123;% if %} &#123;{{ name }}}", "{ { name }} { % if %} { Ann}"),
    ],
)  # fmt: skip
def test_values_and_conditions_stand_where_they_stood(source: str, text: str) -> None:
    link, mail = "https://a.example/x", "ann@a.example"

    assert _filled(source, name="Ann", link=link, mail=mail) == text


def _without_texts(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(ROOT / "templates", tmp_path / "templates"))
    for file in [*folder.glob("*/body.txt"), *folder.glob("*/*/body.txt")]:
        if file.parts[-2] != "_base":
            file.unlink()
    return folder


def _mail(folder: Path, name: str, locale: str) -> str:
    renderer = Renderer(folder)
    template = renderer.template(name, locale)
    values = sample_values(sparse=False, locale=template.locale)
    return renderer.render(template, Channel.EMAIL, values).text


@pytest.mark.parametrize("locale", ["en-GB", "de"])
@pytest.mark.parametrize("name", sources.names(ROOT / "templates"))
def test_what_is_made_of_a_shipped_body_leads_where_the_written_text_leads(
    tmp_path: Path, name: str, locale: str
) -> None:
    made = _mail(_without_texts(tmp_path), name, locale)
    written = _mail(ROOT / "templates", name, locale)

    def links(text: str) -> set[str]:
        return set(re.findall(r"https?://\S+", text))

    assert links(written) <= links(made)
    assert not re.search(
        r"[<>{}⿰-⿻]|&\w+;|\n\n\n|[^\S\n]{2}|^ | $", made, re.MULTILINE
    )
    # it says the same in about as many words
    assert 0.7 < len(made.split()) / len(written.split()) < 1.4


def test_no_shipped_template_needs_its_written_text(tmp_path: Path) -> None:
    assert check(_without_texts(tmp_path)) == []


def test_a_written_text_goes_before_one_that_is_made(tmp_path: Path) -> None:
    renderer = Renderer(fill(tmp_path / "templates"))

    text = renderer.template("hello").sources["text"]

    assert not plain.is_made(text)
    assert text.startswith("Hello {{ customer.first_name }}")


def test_what_was_kept_of_a_made_text_shows_it_again(tmp_path: Path) -> None:
    renderer = Renderer(fill(tmp_path / "templates", body_txt=None))
    template = renderer.template("hello")
    values = sample_values(sparse=False)

    again = type(template).from_sources("hello", template.sources)

    first = renderer.render(template, Channel.EMAIL, values).text
    assert Renderer(tmp_path).render(again, Channel.EMAIL, values).text == first
    assert "Hello Ann\n\nShop: https://" in first


def test_a_mistake_in_a_body_is_told_once_where_it_stands(tmp_path: Path) -> None:
    mistake = body("<mj-text>{{ customer.frist_name }}</mj-text>")
    folder = fill(tmp_path / "templates", body_mjml=mistake, body_txt=None)

    (problem,) = check(folder)

    assert problem.place == "templates/hello/body.mjml:2:22"


def test_a_body_without_a_way_out_is_told_once(tmp_path: Path) -> None:
    bare = "<mj-section><mj-column><mj-text>Hello, {{ shop.address }}</mj-text></mj-column></mj-section>"
    folder = fill(tmp_path / "templates", body_mjml=bare, body_txt=None)

    (problem,) = check(folder)

    assert problem.file == "templates/hello/body.mjml"
    assert "message.unsubscribe_url" in problem.message


_soup = st.lists(
    st.sampled_from(
        [
            *(
                "<",
                ">",
                "</",
                "<p",
                "<a href='",
                '"',
                "'",
                "=",
                " ",
                "<!--",
                "-->",
                "/>",
                "</a>",
            ),
            *(
                "<style>",
                "</style>",
                "<div style='display:none'>",
                "</div>",
                "&lt;",
                "&#123;",
            ),
            *(
                "{% if x %}",
                "{% endif %}",
                "{{ x }}",
                "{# c #}",
                "{%- else -%}",
                "word",
            ),
        ]
    ),
    max_size=40,
)


@given(_soup)
def test_every_tag_that_opens_or_closes_stays_in_its_order(soup: list[str]) -> None:
    pieces = tags.split("".join(soup), "body.html")

    made = plain.made_of(pieces)

    assert [p for p in made if p.kind == "block"] == [
        p for p in pieces if p.kind == "block"
    ]
    again = tags.split("".join(p.text for p in made), "body.html")
    assert [p.text for p in again if p.kind != "text"] == [
        p.text for p in made if p.kind != "text"
    ]


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<a ", "<a '", '<a "', "<a x", "a=", "<a href=", "&", "{ ", "⿲", "⿳ ", "⿻", " ", "<style>", "</", "x-"],
)  # fmt: skip
def test_nothing_takes_longer_than_its_length(piece: str) -> None:
    text = (piece * 200_000)[:380_000]

    begun = time.process_time()
    for source in (text, f"<a {text}", f"<a {text}>"):
        plain.made_of([tags.Piece("text", source, tags.Place("body.html", 1, 1))])
    plain.tidy(text)

    assert time.process_time() - begun < 5
