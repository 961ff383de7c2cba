"""The four e-mails as pictures: they fit a phone, can be read in light and dark, and their buttons can be hit."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from aftercart.model import Channel
from aftercart.rendering import Renderer, sample_values

pytestmark = pytest.mark.browser

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FOLDER = Path(__file__).parents[2] / "templates"
TEMPLATES = ["recipe-follow-up", "reorder-nudge", "delivery-delay", "nps-survey"]

# Measures what a person sees: every element with text of its own, against the nearest ground that is not transparent.
MEASURE = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const f = parse(c).slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const solid = c => { const p = parse(c); return p.length < 4 || p[3] > 0; };
  const ground = e => { while (e) { const c = getComputedStyle(e).backgroundColor;
    if (solid(c)) return c; e = e.parentElement; } return 'rgb(255, 255, 255)'; };
  const shown = e => e.getClientRects().length && !e.closest('[style*="display:none"]');
  const texts = [...document.body.querySelectorAll('*')].filter(e => shown(e) &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  return {
    page: [document.documentElement.scrollWidth, innerWidth],
    ground: ground(document.body),
    contrast: texts.map(e => { const a = light(getComputedStyle(e).color), b = light(ground(e));
      return [e.textContent.trim().slice(0, 40), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; }),
    buttons: [...document.querySelectorAll('a.button, a.score')].map(e => {
      const r = e.getBoundingClientRect(); return [r.width, r.height, Math.round(r.top)]; }),
  };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((p for p in CHROMIUM if Path(p).exists()), None)
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(
                executable_path=path,
                args=["--no-sandbox", "--disable-gpu", "--no-first-run"],
            )
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no chromium here: {error}")
        yield opened
        opened.close()


def _look(
    browser: Browser, name: str, *, width: int, scheme: Literal["light", "dark"]
) -> dict[str, Any]:
    renderer = Renderer(FOLDER)
    mail = renderer.render(renderer.template(name), Channel.EMAIL, sample_values())
    page = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    page.set_content(mail.html)
    if folder := os.environ.get("EMAIL_PICTURES"):
        page.screenshot(
            path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True
        )
    seen: dict[str, Any] = page.evaluate(MEASURE)
    page.close()
    return seen


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 680])
def test_an_email_fits_can_be_read_and_its_buttons_can_be_hit(
    browser: Browser, name: str, scheme: Literal["light", "dark"], width: int
) -> None:
    seen = _look(browser, name, width=width, scheme=scheme)

    assert seen["page"][0] <= width
    assert len(seen["contrast"]) > 5
    assert [c for c in seen["contrast"] if c[1] < 4.5] == []
    assert [b for b in seen["buttons"] if b[1] < 44] == []
    assert bool(seen["buttons"]) is (name != "delivery-delay")


@pytest.mark.parametrize("name", TEMPLATES)
def test_dark_is_a_design_of_its_own(browser: Browser, name: str) -> None:
    light = _look(browser, name, width=390, scheme="light")
    dark = _look(browser, name, width=390, scheme="dark")

    assert light["ground"] == "rgb(244, 239, 229)"
    assert dark["ground"] == "rgb(21, 24, 20)"


@pytest.mark.parametrize(("width", "rows"), [(680, [11]), (390, [6, 5]), (320, [6, 5])])
def test_the_survey_is_one_row_on_a_desk_and_two_on_a_phone(
    browser: Browser, width: int, rows: list[int]
) -> None:
    buttons = _look(browser, "nps-survey", width=width, scheme="light")["buttons"]

    tops = [top for _, _, top in buttons]
    assert [tops.count(top) for top in dict.fromkeys(tops)] == rows
    assert max(b[0] for b in buttons) - min(b[0] for b in buttons) < 0.1
