"""Who may open the console, who may change anything, and what browsers may do with our pages."""

import re
from collections.abc import Callable

import pytest

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
