"""Who may open the console, who may change anything, and what browsers may do with our pages."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from starlette.routing import Mount, Route

from aftercart import links
from aftercart.web import create_app
from tests.web import seeding
from tests.web.site import Site, basic, everything

PAGES = [
    "/console",
    "/console/",
    "/console/log",
    "/console/customers",
    "/console/customers/c-1001",
    "/console/cases",
    "/console/nps",
    "/console/campaigns",
    "/console/health",
    "/console/messages/x",
    "/console/messages/x/seen",
    "/console/no-such-page",
    "/metrics",
]
BUTTONS = [
    ("/console/campaigns/pause", {"scope": "all"}),
    ("/console/campaigns/resume", {"scope": "campaign:reorder-nudge"}),
]


@pytest.fixture
def full_and_locked(full: Site) -> Site:
    """A busy afternoon behind a password and a public address."""
    full.rt.settings = replace(
        full.rt.settings,
        console_password="open sesame",
        public_url="https://desk.shop.example",
    )
    return full


@pytest.fixture
def locked(open_site: Callable[..., Site]) -> Site:
    return open_site(
        console_password="open sesame", public_url="https://desk.shop.example"
    )


def test_the_password_opens_every_page_and_nothing_else_does(locked: Site) -> None:
    for path in PAGES:
        refused = [
            locked.get(path),
            locked.get(path, headers=basic("wrong")),
            locked.get(path, headers=basic("")),
            locked.get(path, headers=basic("open sesame!")),
            locked.get(path, headers=basic("open sesam")),
            locked.get(path, headers={"Authorization": "Basic %%%"}),
            locked.get(path, headers={"Authorization": "Bearer open sesame"}),
        ]
        opened = locked.get(path, headers=basic("open sesame", user="anybody"))

        if path not in ("/console",):  # which only says where the log is
            assert [a.status for a in refused] == [401] * 7, path
            assert refused[0].headers["www-authenticate"].startswith("Basic ")
        assert opened.status in (200, 307, 404), path


def test_without_a_password_only_this_machine_may_look(site: Site) -> None:
    here = site.get("/console/log")
    by_name = site.get("/console/log", host="localhost:8025")
    proxied = [
        site.get("/console/log", headers={name: "203.0.113.9"})
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")
    ]
    rebound = site.get("/console/log", host="evil.example")

    assert (here.status, by_name.status) == (200, 200)
    assert "only, because no console password is set" in here.text
    assert [a.status for a in (*proxied, rebound)] == [403] * 4
    assert "AFTERCART_CONSOLE_PASSWORD" in rebound.text


@pytest.mark.parametrize(("path", "form"), BUTTONS)
def test_a_change_has_to_come_from_a_page_of_ours(
    full: Site, path: str, form: dict[str, str]
) -> None:
    before = everything(full.rt)

    foreign = [
        full.post(path, form),
        full.post(path, form, Origin="https://evil.example"),
        full.post(path, form, Origin="null"),
        full.post(path, form, Origin=f"http://127.0.0.1:{full.port}.evil.example"),
        full.post(path, form, Referer="https://evil.example/127.0.0.1"),
    ]
    unchanged = everything(full.rt)
    own = full.press(path, form)

    assert [a.status for a in foreign] == [403] * 5
    assert unchanged == before
    assert own.status == 303
    assert everything(full.rt) != before


#: Every form there is, by its route: where it is sent in the afternoon, and what.
FORMS = {
    "/console/campaigns/pause": {"scope": "all"},
    "/console/campaigns/resume": {"scope": "campaign:reorder-nudge"},
    "/console/cases/{id}/close": {},
    "/s/{token}": {"score": "9", "comment": "fine"},
    "/u/{token}": {"what": "everything"},
}
#: What browsers say of a form that another site sends. The last one pretends to be ours.
FROM_ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://desk.shop.example", "Sec-Fetch-Site": "same-site"},
]


def _filled_in(site: Site, route: str) -> str:
    """The address to which the form of this route goes."""
    if "{id}" in route:
        cases = site.get("/console/cases", headers=basic("open sesame")).text
        id_ = cases.partition('action="/console/cases/')[2].partition("/")[0]
        return route.replace("{id}", id_)
    survey = next(r for r in everything(site.rt)["messages"] if r[1] == "nps-survey")
    purpose = links.SURVEY if route.startswith("/s/") else links.UNSUBSCRIBE
    return route.replace("{token}", seeding.token(purpose, survey[0]))


def test_every_form_is_tried_from_elsewhere(site: Site) -> None:
    routes = create_app(site.rt).routes
    console = next(r for r in routes if isinstance(r, Mount) and r.path == "/console")
    found = {
        f"{prefix}{route.path}"
        for prefix, some in (("", routes), ("/console", console.routes))
        for route in some
        if isinstance(route, Route) and "POST" in (route.methods or ())
    }

    signed = {path for path in found if path.startswith(("/hooks/", "/v1/"))}

    assert found - signed == set(FORMS)


@pytest.mark.parametrize("route", FORMS)
def test_no_other_site_sends_a_form_in_somebodys_name(
    full_and_locked: Site, route: str
) -> None:
    path, own = _filled_in(full_and_locked, route), "https://desk.shop.example"
    password = basic("open sesame") if route.startswith("/console") else {}
    before = everything(full_and_locked.rt)

    refused = [
        full_and_locked.post(path, FORMS[route], **said, **password)
        for said in FROM_ELSEWHERE
    ]
    unchanged = everything(full_and_locked.rt)
    said = {"Origin": own, "Sec-Fetch-Site": "same-origin"}
    ours = full_and_locked.post(path, FORMS[route], **said, **password)

    assert [a.status for a in refused] == [403] * len(FROM_ELSEWHERE)
    assert all("changed" in a.text for a in refused)
    assert unchanged == before
    assert ours.status in (200, 303)
    assert everything(full_and_locked.rt) != before


@pytest.mark.parametrize("route", ["/s/{token}", "/u/{token}"])
@pytest.mark.parametrize("said", [{}, {"Origin": "null"}])
def test_a_customers_browser_that_says_little_is_believed(
    full_and_locked: Site, route: str, said: dict[str, str]
) -> None:
    path = _filled_in(full_and_locked, route)

    assert full_and_locked.post(path, FORMS[route], **said).status == 200


def test_the_one_click_of_a_mailbox_comes_from_elsewhere_and_counts(
    full_and_locked: Site,
) -> None:
    path = _filled_in(full_and_locked, "/u/{token}")

    answer = full_and_locked.post(
        path, {"List-Unsubscribe": "One-Click"}, **FROM_ELSEWHERE[1]
    )

    assert (answer.status, answer.text) == (200, "unsubscribed\n")


def test_the_public_address_is_a_page_of_ours(locked: Site) -> None:
    answer = locked.post(
        "/console/campaigns/pause",
        {"scope": "all"},
        Origin="https://desk.shop.example",
        **basic("open sesame"),
    )

    assert answer.status == 303


def test_public_pages_need_no_password(locked: Site) -> None:
    assert locked.get("/healthz").status == 200
    assert locked.get("/u/nonsense").status == 404
    assert locked.get("/v1/openapi.json").status == 200


def test_every_answer_forbids_what_we_did_not_write(full: Site) -> None:
    for path in [*PAGES, "/s/x", "/u/x", "/healthz", "/v1/openapi.json", "/nowhere"]:
        headers = full.get(path).headers

        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert headers["x-content-type-options"] == "nosniff"


def test_no_page_reaches_beyond_its_own_house(full: Site) -> None:
    for path in [*PAGES[2:9], "/s/x", "/console/log?q=ann"]:
        text = full.get(path).text

        for _, address in re.findall(r'\b(src|href|action|data-href)="([^"]*)"', text):
            assert address.startswith(("/", "?", "#main", "mailto:")), address
            assert not address.startswith("//"), address
        assert " style=" not in text, path
        assert " onclick" not in text, path
