"""Unsubscribing: one click, no login, no script; and never by merely looking."""

from aftercart import links
from aftercart.model import Message
from aftercart.store import customers
from tests.web import afternoon, seeding
from tests.web.site import Site, everything

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def address(message: Message | str) -> str:
    return f"/u/{seeding.token(links.UNSUBSCRIBE, message)}"


def agreed(site: Site, id: str) -> dict[str, bool]:
    with site.rt.store.read() as tx:
        person = customers.load(tx, [id], now=seeding.NOW)[id]
    return {
        "email": person.email_marketing,
        "sms": person.sms_marketing,
        "survey": person.survey,
    }


def recipe(site: Site) -> Message:
    made = afternoon.fill(site.rt)
    return next(m for m in made if m.campaign == "recipe-follow-up")


def test_a_click_in_the_mailbox_works_at_once_and_twice(site: Site) -> None:
    message = recipe(site)

    answers = [
        site.post(address(message), ONE_CLICK, **{"User-Agent": "odd/0.1"})
        for _ in range(2)
    ]

    assert [a.status for a in answers] == [200, 200]
    assert "set-cookie" not in answers[0].headers
    assert agreed(site, message.customer_id) == {
        "email": False,
        "sms": True,
        "survey": True,
    }


def test_a_click_as_multipart_works_as_well(site: Site) -> None:
    message = recipe(site)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
        b"One-Click\r\n--x--\r\n"
    )

    answer = site.ask(
        "POST",
        address(message),
        body=body,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )

    assert answer.status == 200
    assert not agreed(site, message.customer_id)["email"]


def test_the_page_offers_this_topic_or_everything(site: Site) -> None:
    message = recipe(site)

    page = site.get(address(message))
    done = site.post(address(message), {"what": "everything"})

    assert page.status == 200
    assert 'value="topic"' in page.text
    assert 'value="everything"' in page.text
    assert "<script" not in page.text
    assert "no marketing and no surveys" in done.text
    assert set(agreed(site, message.customer_id).values()) == {False}


def test_looking_changes_nothing(site: Site) -> None:
    message = recipe(site)
    before = everything(site.rt)

    for method in ("GET", "HEAD", "OPTIONS"):
        site.ask(method, address(message))
        site.ask(
            method, address(message) + "?what=everything&List-Unsubscribe=One-Click"
        )
    site.post(address(message), {"what": "nonsense"})

    assert everything(site.rt) == before


def test_every_link_that_is_not_ours_gets_the_same_friendly_page(site: Site) -> None:
    message = recipe(site)
    before = everything(site.rt)
    survey_token = seeding.token(links.SURVEY, message)
    bad = [
        "/u/nonsense",
        f"/u/{survey_token}",
        address(message)[:-1],
        address(message) + "x",
        address("no-such-message"),
        "/u/%00%ff",
    ]

    answers = [site.get(path) for path in bad] + [
        site.post(path, ONE_CLICK) for path in bad
    ]

    assert {a.status for a in answers} == {404}
    assert len({a.body for a in answers}) == 1
    assert "Nothing has changed" in answers[0].text
    assert everything(site.rt) == before


def test_the_address_of_the_page_stays_private(site: Site) -> None:
    answer = site.get(address(recipe(site)))

    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"].startswith("noindex")
