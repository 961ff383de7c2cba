"""The console: every page on nothing and on plenty, and what a person at the desk relies on."""

import re
from html import unescape

import pytest

from aftercart.model import State
from aftercart.store import desk, pauses
from tests.web import afternoon, seeding, sent
from tests.web.site import Site, everything

PAGES = [
    "/console/log",
    "/console/log?q=ann&state=accepted&campaign=nps-survey&since=7d",
    "/console/log?q=nobody&state=nonsense&since=nonsense&before=nonsense~x",
    "/console/customers",
    "/console/customers?q=c-10",
    "/console/cases",
    "/console/cases?show=all",
    "/console/nps",
    "/console/nps?since=30d&campaign=nps-survey",
    "/console/nps?since=all",
    "/console/campaigns",
    "/console/campaigns?since=1d",
    "/console/health",
]


def message(site: Site, query: str) -> str:
    text = site.get(f"/console/log?{query}").text
    return text.partition('data-href="')[2].partition('"')[0]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_on_nothing_and_on_plenty(site: Site, path: str) -> None:
    empty = site.get(path)
    made = afternoon.fill(site.rt)
    filled = site.get(path)

    assert (empty.status, filled.status) == (200, 200)
    assert len(made) == 20


def test_every_message_and_every_customer_has_a_page(full: Site) -> None:
    rows = everything(full.rt)

    for row in rows["messages"]:
        assert full.get(f"/console/messages/{row[0]}").status == 200
    for row in rows["customers"]:
        assert full.get(f"/console/customers/{row[0]}").status == 200


def test_looking_changes_nothing(full: Site) -> None:
    before = everything(full.rt)

    for path in [*PAGES, message(full, "state=accepted"), "/console/customers/c-1001"]:
        full.get(path)
        full.ask("HEAD", path)

    assert everything(full.rt) == before


@pytest.mark.parametrize(
    "search",
    ["c-1003", "cy@mail.example", "CY@MAIL", "Cy", "o-5003"],
)
def test_whatever_a_caller_says_finds_their_messages(full: Site, search: str) -> None:
    text = full.get(f"/console/log?q={search}").text

    assert "/console/customers/c-1003" in text
    assert "/console/customers/c-1001" not in text


def test_a_number_is_found_as_people_say_it(full: Site) -> None:
    for said in ("+447700900100", "07700+900100", "%2B44+7700+900100", "07700900"):
        assert "c-1001" in full.get(f"/console/log?q={said}").text, said


def test_filters_stand_in_the_address_and_can_be_taken_away(full: Site) -> None:
    text = full.get("/console/log?state=skipped&campaign=reorder-nudge").text

    assert text.count("<tr data-href") == 2
    assert 'href="?campaign=reorder-nudge"' in text
    assert 'href="?state=skipped"' in text


@pytest.mark.parametrize("path", ["/console", "/console/"])
def test_the_front_door_hands_the_filters_on(full: Site, path: str) -> None:
    bare = full.get(path)
    asked = full.get(f"{path}?campaign=reorder-nudge&state=skipped")

    assert (bare.status, asked.status) == (307, 307)
    assert bare.headers["location"] == "/console/log"
    assert asked.headers["location"] == (
        "/console/log?campaign=reorder-nudge&state=skipped"
    )


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("log?state=skiped", "There is no state “skiped”; did you mean &#34;skipped&#34;?"),
        ("log?status=skipped", "There is no filter “status”; did you mean &#34;state&#34;?"),
        ("log?campaign=nps-servey", "There is no campaign “nps-servey”; did you mean &#34;nps-survey&#34;?"),
        ("log?since=yesterday", "“yesterday” is neither a span nor a date; write one of 1d, 7d, 30d, or 2026-03-02"),
        ("log?before=x", "“x” is no place in the log; begin with the newest"),
        ("campaigns?since=2w", "“2w” is neither a span nor a date"),
        ("nps?since=2w", "There is no span “2w”"),
        ("nps?campaign=nps-servey", "There is no survey “nps-servey”; did you mean &#34;nps-survey&#34;?"),
        ("cases?show=everything", "There is no choice “everything”; known: all"),
        ("customers?name=Ann", "There is no filter “name”; known: q"),
    ],
)  # fmt: skip
def test_a_filter_that_is_not_there_is_told_and_shows_no_message(
    full: Site, page: str, words: str
) -> None:
    text = full.get(f"/console/{page}").text

    assert f'<p class="notice doubt" role="alert">{words}' in text
    if page.startswith("log"):
        assert "<tr data-href" not in text
        assert "No messages yet" not in text


@pytest.mark.parametrize("page", PAGES)
def test_a_filter_that_is_there_is_not_complained_about(full: Site, page: str) -> None:
    text = full.get(page).text

    assert ('role="alert"' in text) == ("nonsense" in page)


def test_a_campaign_that_left_the_folder_is_still_a_filter_of_the_log(
    full: Site,
) -> None:
    there = dict(full.rt.campaigns)
    del there["reorder-nudge"]
    full.rt.campaigns = there

    text = full.get("/console/log?campaign=reorder-nudge").text

    assert "<tr data-href" in text
    assert 'role="alert"' not in text


def test_every_link_to_the_log_asks_for_what_the_log_knows(full: Site) -> None:
    message_page = message(full, "state=accepted")
    pages = [*PAGES, message_page, "/console/customers/c-1001"]
    links = {
        unescape(link)
        for page in pages
        if "nonsense" not in page
        for link in re.findall(r'href="(/console/log\?[^"]+)"', full.get(page).text)
    }

    wrong = [link for link in links if 'role="alert"' in full.get(link).text]

    assert {"campaign", "customer", "order", "state"} <= {
        link.partition("?")[2].partition("=")[0] for link in links
    }
    assert wrong == []


def test_a_campaigns_counts_lead_to_the_messages_that_were_counted(full: Site) -> None:
    text = full.get("/console/campaigns?since=1d").text

    assert 'href="/console/log?campaign=reorder-nudge&amp;since=1d"' in text


def test_the_unknown_of_today_are_found_although_they_were_planned_days_ago(
    full: Site,
) -> None:
    assert 'href="/console/log?state=unknown"' in full.get("/console/health").text


def test_all_time_stays_all_time_when_a_survey_is_chosen(full: Site) -> None:
    text = full.get("/console/nps?since=all&campaign=nps-survey").text

    assert 'href="?since=all"' in text
    assert "Remove this filter" in text


def test_a_reason_is_read_as_a_sentence_on_the_customers_clock(full: Site) -> None:
    text = full.get("/console/log?customer=c-1004&state=scheduled").text

    assert "Held until 08:00: quiet hours in Tokyo." in text
    assert 'title="2026-03-05 14:17:00 UTC">5 Mar 23:17<' in text


def test_pages_of_the_log_follow_each_other_without_gap_or_repetition(
    site: Site,
) -> None:
    with site.rt.store.write() as tx:
        seeding.person(tx, id="c-1001", first_name="Ann", email="ann@mail.example")
        for n in range(205):
            sent.survey(
                tx, site.rt, 0, at=seeding.NOW - seeding.DAY * 30 + n * seeding.HOUR
            )
    seen: list[str] = []
    path = "/console/log"

    while path and len(seen) < 400:
        text = site.get(path).text
        seen += [part.partition('"')[0] for part in text.split('<tr data-href="')[1:]]
        link = text.partition('rel="next" href="')[2].partition('"')[0]
        path = f"/console/log{unescape(link)}" if link else ""

    assert len(seen) == 205
    assert len(set(seen)) == 205


def test_the_story_is_newest_first_with_what_is_coming_above(full: Site) -> None:
    text = full.get(message(full, "state=scheduled&customer=c-1006")).text
    sent = full.get(message(full, "campaign=recipe-follow-up&customer=c-1001")).text

    marks = [text.index(w) for w in ("Best before", "Goes out", "was planned")]
    assert marks == sorted(marks)
    marks = [sent.index(w) for w in ("Delivered", "handed it", "was planned")]
    assert marks == sorted(marks)
    assert "by a machine, not by the customer" in sent


def test_what_the_customer_saw_is_shown_again_and_can_do_nothing(full: Site) -> None:
    path = message(full, "campaign=recipe-follow-up&customer=c-1001")

    page, seen = full.get(path), full.get(path + "/seen")

    assert "<b>" not in page.text.partition("<dt>Subject</dt>")[2][:80]
    assert f'src="{path}/seen" sandbox' in page.text
    assert "Paprika chicken" in seen.text
    policy = seen.headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_a_text_is_shown_with_its_parts(full: Site) -> None:
    text = full.get(message(full, "campaign=delivery-delay&state=accepted")).text

    assert "your order is running" in text
    assert "1 part, " in text
    assert "GSM-7" in text


def test_a_name_is_never_markup(site: Site) -> None:
    name = '<b onmouseover="x">Bo</b>'
    with site.rt.store.write() as tx:
        seeding.person(tx, id='c"<i>&/7', first_name=name, email="bo@mail.example")
        desk.open_case(
            tx, "call", about="x", customer_id='c"<i>&/7', at=seeding.NOW, note=name
        )
    pages = ["/console/customers", "/console/cases", "/console/log?q=bo@mail"]
    pages.append("/console/customers/c%22%3Ci%3E%26/7")

    for path in pages:
        answer = site.get(path)
        assert answer.status == 200, path
        assert "<b onmouseover" not in answer.text
        assert "&lt;b onmouseover" in answer.text
        assert "<i>&" not in answer.text


def test_pause_and_resume_hold_what_they_name(full: Site) -> None:
    for scope in ("all", "channel:sms", "campaign:nps-survey"):
        full.press("/console/campaigns/pause", {"scope": scope})
    full.press("/console/campaigns/resume", {"scope": "channel:sms"})
    wrong = full.press("/console/campaigns/pause", {"scope": "channel:fax"})

    with full.rt.store.read() as tx:
        paused = pauses.paused(tx)
    assert sorted(paused) == ["all", "campaign:nps-survey", "campaign:reorder-nudge"]
    assert wrong.status == 400
    assert "Nothing was changed" in wrong.text


def test_what_was_being_called_off_is_shown_and_can_be_let_go(full: Site) -> None:
    with full.rt.store.write() as tx:
        words = "called off by ann; if that broke off, call it off again"
        for scope in ("ending:all", "ending:campaign:fall-sale"):
            pauses.pause(tx, scope, at=full.rt.clock(), by="ann", words=words)
    shown = full.get("/console/campaigns").text
    for scope in ("ending:all", "ending:campaign:fall-sale"):
        full.press("/console/campaigns/resume", {"scope": scope})

    assert '<span>Everything</span> <span class="word doubt">held since' in shown
    assert "<span>Campaign fall-sale</span>" in shown
    assert words in shown
    with full.rt.store.read() as tx:
        assert not {s for s in pauses.paused(tx) if s.startswith("ending:")}


def test_a_case_is_closed_once_by_its_button(full: Site) -> None:
    text = full.get("/console/cases").text
    action = "/console/cases/" + text.partition('action="/console/cases/')[2][:42]

    answers = [full.press(action), full.press(action)]
    looked = full.get(action)

    assert [a.status for a in answers] == [303, 303]
    assert looked.status == 405
    assert action not in full.get("/console/cases").text
    assert full.get("/console/cases?show=all").text.count("done ") == 2


def test_the_nps_page_shows_the_score_with_its_answers(full: Site) -> None:
    text = full.get("/console/nps").text

    assert "<b>+40</b>" in text
    assert "from 10 answers, 11 asked" in text
    assert "Too few answers" in text


def test_states_are_words_and_every_state_is_explained(full: Site) -> None:
    text = full.get("/console/log").text

    for state in State:
        assert f">{state.value}</span>" in text


def test_a_page_that_breaks_says_what_is_safe(full: Site) -> None:
    full.rt.campaigns = None  # type: ignore[assignment]

    answer = full.get("/console/campaigns")

    assert answer.status == 500
    assert "No message was sent or changed" in answer.text
    assert "Traceback" not in answer.text
    assert "NoneType" not in answer.text
