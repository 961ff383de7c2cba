"""The page on which a message is looked at: every view at once, and beside somebody who edits it, always the newest."""

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.applications import Starlette

from aftercart.handover import Rendered
from aftercart.model import Channel
from aftercart.previewing import Preview, preview
from aftercart.runtime import Runtime, open_runtime
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.web import proof, watching
from tests.web.site import Site


def mail(html: str) -> Preview:
    made = Rendered("Hello & welcome", "A <subject>", html)
    return Preview(Channel.EMAIL, "hello", made, "And a preview", "de")


def test_each_view_is_lit_as_it_is_called_whatever_the_browser_prefers() -> None:
    page = proof.page(
        "hello", [mail("<style>@media (prefers-color-scheme: dark) { x }</style>")]
    )

    assert page.count("@media not all") == 2 and page.count("@media all") == 1
    assert 'width="600"' in page and page.count('width="390"') == 2
    assert "A &lt;subject&gt;" in page and "Hello &amp; welcome" in page
    assert "German" in page
    assert "<script" not in page


def test_a_mail_cannot_break_out_of_its_frame() -> None:
    page = proof.page("hello", [mail('"></iframe><script>alert(1)</script>')])

    assert "<script" not in page
    assert page.count("</iframe>") == 3
    assert page.count("<iframe sandbox ") == 3


def test_a_dear_text_says_which_character_makes_it_so_and_what_to_write() -> None:
    text = Rendered("It\u2019s late\u2026 \U0001f600")

    page = proof.page("late", [Preview(Channel.SMS, "late", text, "", "en-GB")])

    assert "UCS-2" in page
    assert "U+2019" in page and "write &#34;&#39;&#34;" in page
    assert "U+2026" in page and "write &#34;...&#34;" in page
    assert "U+1F600" in page and "leave it out" in page


def test_a_text_has_its_price_in_every_country_that_is_known() -> None:
    text = Preview(Channel.SMS, "late", Rendered("x" * 200), "", "en-GB")
    prices = {"GB": Decimal("0.0405"), "US": Decimal("0.0063")}
    shop = Shop("Meadow", currency="GBP", sms_prices=prices)

    page = proof.page("late", [text], shop=shop)

    assert "2 parts" in page
    assert "Costs GB 0.0810 GBP, US 0.0126 GBP." in page


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Runtime]:
    for name in ("campaigns", "templates"):
        shutil.copytree(name, tmp_path / name)
    database = f"sqlite:///{tmp_path / 'a.db'}"
    rt = open_runtime(Settings(root=str(tmp_path), database_url=database))
    yield rt
    rt.close()


class Watched(Site):
    """The page of `aftercart preview birthday --watch`."""

    def app(self, rt: Runtime) -> Starlette:
        return watching.create_watch(rt, "birthday", lambda rt: preview(rt, "birthday"))


@pytest.fixture
def watched(shop: Runtime) -> Iterator[Site]:
    site = Watched(shop)
    site.start()
    yield site
    site.stop()


def test_the_page_follows_the_template(watched: Site, shop: Runtime) -> None:
    before = watched.get("/stamp").text
    assert before in watched.get("/").text

    subject = shop.settings.folder / "templates" / "birthday" / "subject.txt"
    subject.write_text("Many happy returns\n")

    assert watched.get("/stamp").text != before
    assert "Many happy returns" in watched.get("/").text


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("templates/birthday/subject.txt", "{{ customer.frist_name }}", ":1:13"),
        ("templates/birthday/body.mjml", "<mj-section>{% if", ":1:13"),
        ("campaigns/birthday.yaml", "name: Birthday\npurpos: marketing\n", ":2:1"),
    ],
)
def test_a_mistake_stands_on_the_page_with_its_place_and_goes_with_it(
    watched: Site, shop: Runtime, file: str, text: str, place: str
) -> None:
    changed = shop.settings.folder / file
    good = changed.read_text()
    changed.write_text(text)

    wrong = watched.get("/")
    changed.write_text(good)

    assert wrong.status == 200
    assert f"{file}{place}" in wrong.text
    assert "Traceback" not in wrong.text
    assert "Happy birthday" in watched.get("/").text


def test_a_page_elsewhere_cannot_read_what_stands_there(watched: Site) -> None:
    lured = watched.get("/", host="evil.example")

    assert lured.status == 400
    assert "birthday" not in lured.text
