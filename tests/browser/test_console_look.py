"""The console in a real browser: nothing overflows, nothing is refused by the policy, and the keys do what they say."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from aftercart import links
from tests.web import afternoon, seeding
from tests.web.site import Site

pytestmark = pytest.mark.browser

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
PAGES = [
    "/console/log",
    "/console/log?q=zzz",
    "/console/customers",
    "/console/customers/c-1001",
    "/console/cases?show=all",
    "/console/nps",
    "/console/campaigns",
    "/console/health",
    "/u/nonsense",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((p for p in CHROMIUM if Path(p).exists()), None)
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox"]
            )
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no chromium here: {error}")
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    rt = seeding.runtime(tmp_path_factory.mktemp("look"))
    afternoon.fill(rt)
    opened = Site(rt)
    opened.start()
    yield opened
    opened.stop()
    rt.close()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(base_url=f"http://127.0.0.1:{site.port}")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def message(site: Site, query: str) -> str:
    text = site.get(f"/console/log?{query}").text
    return text.partition('data-href="')[2].partition('"')[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 760, 1280])
def test_nothing_overflows_and_nothing_is_refused(
    browser: Browser, site: Site, width: int, scheme: str
) -> None:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{site.port}",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page, said = context.new_page(), list[str]()
    page.on("console", lambda m: said.append(m.text) if "404" not in m.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    survey = message(site, "campaign=nps-survey").rpartition("/")[2]

    for path in [
        *PAGES,
        message(site, "campaign=delivery-delay&state=accepted"),
        message(site, "state=scheduled"),
        f"/s/{seeding.token(links.SURVEY, survey)}?score=8",
        f"/u/{seeding.token(links.UNSUBSCRIBE, survey)}",
    ]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()

    assert said == []


def test_a_slash_searches_from_anywhere(page: Page) -> None:
    page.goto("/console/health")

    page.keyboard.press("/")
    page.keyboard.type("ann@mail")
    page.keyboard.press("Enter")

    page.wait_for_url("**/console/log?q=ann%40mail")
    assert page.locator("tbody tr").count() == 3


def test_a_row_opens_on_enter_and_on_click(page: Page) -> None:
    page.goto("/console/log")
    first = page.locator("tbody tr").first
    href = first.get_attribute("data-href")

    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{href}")
    page.go_back()
    page.locator("tbody tr").first.locator(".c-why").click()
    page.wait_for_url(f"**{href}")


def test_an_id_is_copied_on_click_and_its_row_stays_closed(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/console/log?customer=c-1003")

    page.locator("tbody .c-who .id").first.click()

    page.get_by_text("Copied c-1003").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "c-1003"
    assert "/console/log" in page.url


def test_the_head_of_the_log_stays_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto("/console/log")

    page.mouse.wheel(0, 600)
    page.wait_for_function("window.scrollY > 100")

    head = page.locator("th").first.bounding_box()
    field = page.locator("#search").bounding_box()
    assert head is not None
    assert field is not None
    assert 40 <= head["y"] <= 60
    assert 0 <= field["y"] <= 20


def test_the_mail_as_it_was_runs_nothing(page: Page, site: Site) -> None:
    page.goto(message(site, "campaign=recipe-follow-up&customer=c-1001"))

    frame = page.frame_locator("iframe.mail")

    frame.get_by_text("For what is in your fridge", exact=True).wait_for()
    assert page.locator("iframe.mail").get_attribute("sandbox") == ""


def test_the_survey_is_answered_without_script(browser: Browser, site: Site) -> None:
    asked = message(site, "campaign=nps-survey&customer=c-1006").rpartition("/")[2]
    context = browser.new_context(
        java_script_enabled=False, base_url=f"http://127.0.0.1:{site.port}"
    )
    page = context.new_page()
    page.goto(f"/s/{seeding.token(links.SURVEY, asked)}?score=3")

    page.get_by_label("9", exact=True).check(force=True)
    page.get_by_role("button", name="Send my answer").click()

    page.get_by_text("9 of 10").wait_for()
    context.close()


def test_a_case_is_closed_and_a_campaign_paused_by_their_buttons(page: Page) -> None:
    page.goto("/console/cases")
    before = page.locator("tbody tr").count()

    page.get_by_role("button", name="Done").first.click()
    page.wait_for_function(
        "n => document.querySelectorAll('tbody tr').length === n - 1", arg=before
    )
    page.goto("/console/campaigns")
    page.get_by_role("button", name="Pause nps-survey").click()

    page.get_by_role("button", name="Resume nps-survey").wait_for()
