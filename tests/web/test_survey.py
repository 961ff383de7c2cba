"""The survey: an answer exists only after the button, once per message, whatever is written in it."""

import html
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from aftercart import links
from aftercart.model import Message
from tests.web import seeding
from tests.web.site import Site, everything

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "‮drawkcab 🙂 \u200b",
    "javascript:alert(1)",
]


def address(message: Message) -> str:
    return f"/s/{seeding.token(links.SURVEY, message)}"


def answers(site: Site) -> list[tuple[object, ...]]:
    return everything(site.rt)["answers"]


def at(site: Site, now: datetime) -> None:
    site.rt.clock = lambda: now


def test_a_number_in_the_mail_only_fills_in_the_page(
    site: Site, asked: Message
) -> None:
    before = everything(site.rt)

    page = site.get(address(asked) + "?score=8")
    for score in ("11", "-1", "x", "", "08a", "²"):
        site.ask("HEAD", address(asked))
        site.get(
            f"{address(asked)}?score={score.encode().hex() if score == '²' else score}"
        )

    assert page.status == 200
    assert 'value="8" required checked' in page.text
    assert page.text.count("checked") == 1
    assert page.text.count("<button") == 1
    assert everything(site.rt) == before


def test_the_button_is_the_answer(site: Site, asked: Message) -> None:
    answer = site.post(address(asked), {"score": "9", "comment": " Lovely eggs. "})

    assert answer.status == 200
    assert "<b>9</b> of 10" in answer.text
    assert [row[:5] for row in answers(site)] == [
        (asked.id, "nps-survey", "c-1001", 9, "Lovely eggs.")
    ]


@pytest.mark.parametrize("score", ["", "11", "-1", "5.5", "ten", "٣", "010"])
def test_what_is_no_score_is_asked_again_and_the_comment_is_not_lost(
    site: Site, asked: Message, score: str
) -> None:
    answer = site.post(address(asked), {"score": score, "comment": "my words"})

    assert answer.status == 422
    assert "choose a number" in answer.text
    assert "my words" in answer.text
    assert answers(site) == []


def test_a_comment_may_have_two_thousand_characters_and_not_one_more(
    site: Site, asked: Message
) -> None:
    too_long = site.post(address(asked), {"score": "9", "comment": "x" * 2001})
    lines = "\r\n".join(["y" * 99] * 20)
    fits = site.post(address(asked), {"score": "9", "comment": lines})

    assert too_long.status == 422
    assert fits.status == 200
    assert len(str(answers(site)[0][4])) == 1999


def test_fifty_answers_at_once_leave_one_row(site: Site, asked: Message) -> None:
    with ThreadPoolExecutor(50) as crowd:
        statuses = list(
            crowd.map(
                lambda n: site.post(address(asked), {"score": str(n % 11)}).status,
                range(50),
            )
        )

    assert statuses == [200] * 50
    assert len(answers(site)) == 1


def test_a_mind_may_change_for_two_weeks(site: Site, asked: Message) -> None:
    site.post(address(asked), {"score": "3"})
    at(site, seeding.NOW + timedelta(days=13, hours=23))
    changed = site.post(address(asked), {"score": "8"})
    at(site, seeding.NOW + timedelta(days=15))
    late = [site.post(address(asked), {"score": "0"}), site.get(address(asked))]

    assert changed.status == 200
    assert [a.status for a in late] == [404, 404]
    assert [row[3] for row in answers(site)] == [8]


def test_a_survey_that_nobody_answered_closes_after_sixty_days(
    site: Site, asked: Message
) -> None:
    at(site, asked.created_at + timedelta(days=59))
    open_ = site.get(address(asked))
    at(site, asked.created_at + timedelta(days=60))
    closed = site.post(address(asked), {"score": "9"})

    assert (open_.status, closed.status) == (200, 404)
    assert answers(site) == []


def test_foreign_tokens_and_other_messages_get_the_friendly_page(
    site: Site, asked: Message
) -> None:
    unsubscribe = seeding.token(links.UNSUBSCRIBE, asked)
    unknown = replace(asked, id="no-such-message")
    bad = ["/s/nonsense", f"/s/{unsubscribe}", address(unknown)]

    seen = [site.get(p) for p in bad] + [site.post(p, {"score": "9"}) for p in bad]

    assert {a.status for a in seen} == {404}
    assert len({a.body for a in seen}) == 1
    assert answers(site) == []


@pytest.mark.parametrize("words", NASTY)
def test_words_are_words_everywhere_they_are_shown(
    site: Site, asked: Message, words: str
) -> None:
    site.post(address(asked), {"score": "2", "comment": words})

    pages = [
        address(asked),
        "/console/nps",
        "/console/cases",
        f"/console/messages/{asked.id}",
        "/console/customers/c-1001",
    ]
    shown = [site.get(path).text for path in pages]

    assert answers(site)[0][4] == words
    for text in shown:
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<svg onload" not in text
        assert html.escape(words) in text.replace("&#39;", "&#x27;").replace(
            "&#34;", "&quot;"
        )
