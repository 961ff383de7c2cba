"""A text of whose end nothing was heard: what the provider's own list says about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from aftercart import reconciling
from aftercart.channels import Listed
from aftercart.errors import Unavailable, Unclear
from aftercart.handover import Outgoing
from aftercart.model import State
from aftercart.store import tables
from tests.verbs.stage import MINUTE, Post, Stage, due_alert

SECOND = timedelta(seconds=1)


class Book(Post):
    """A provider that keeps a list, and reports nothing."""

    provider = "twilio"
    keeps_list = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(lambda: stage.now)
        self.listed: list[Listed] = []
        self.asked = 0
        self.is_away = False

    def look_up(self, to: str) -> list[Listed]:
        self.asked += 1
        if self.is_away:
            raise Unavailable("not there", provider="twilio")
        return self.listed

    def enter(
        self, one: Outgoing, at: datetime, *, ref: str = "", status: str = "sent"
    ) -> None:
        ref = ref or f"ref-{one.message_id}"
        report = {"MessageSid": ref, "MessageStatus": status, "To": one.to}
        self.listed.insert(
            0, Listed(ref, at, one.rendered.text, urlencode(report).encode())
        )


@pytest.fixture
def book(stage: Stage) -> Book:
    made = Book(stage)
    stage.rt.__dict__["senders"] = dict.fromkeys(stage.rt.senders, made)
    stage.post = made
    return made


@contextmanager
def _lost(stage: Stage, book: Book) -> Iterator[Outgoing]:
    """An alert whose answer was lost; then a minute passes."""
    id_ = due_alert(stage)
    book.answers.append(Unclear("the answer was lost", provider="twilio"))
    stage.deliver(id_)
    yield book.sent[0][1]
    stage.now += MINUTE
    _learn(stage)


def _learn(stage: Stage) -> None:
    reconciling.reconcile(stage.rt)
    stage.report()


def test_a_text_that_is_in_the_list_was_taken_and_is_not_repeated(
    stage: Stage, book: Book
) -> None:
    with _lost(stage, book) as one:
        book.enter(one, stage.now + SECOND)

    stage.now += 10 * MINUTE
    stage.sweep()
    stage.tick()

    message = stage.message()
    assert (message.state, message.provider_ref) == (
        State.ACCEPTED,
        f"ref-{one.message_id}",
    )
    assert len(book.sent) == 1


def test_a_text_that_is_not_in_the_list_is_no_proof_and_is_repeated_once(
    stage: Stage, book: Book
) -> None:
    with _lost(stage, book):
        pass

    in_doubt = stage.message().state
    stage.now += 5 * MINUTE
    stage.sweep()
    stage.tick()

    assert in_doubt is State.UNCERTAIN
    assert len(book.sent) == 2


@pytest.mark.parametrize(
    "case", ["another text", "long before", "long after", "of another message", "two"]
)
def test_what_only_resembles_it_proves_nothing(
    stage: Stage, book: Book, case: str
) -> None:
    if case == "of another message":
        first = due_alert(stage, order="o-first")
        stage.deliver(first)
        book.sent.clear()
    with _lost(stage, book) as one:
        at = stage.now + SECOND
        other = Listed("ref-other", at, "Something else", b"MessageStatus=sent")
        if case == "another text":
            book.listed.append(other)
        elif case == "long before":
            book.enter(one, stage.now - 5 * MINUTE)
        elif case == "long after":
            book.enter(one, stage.now + 5 * MINUTE)
        elif case == "of another message":
            book.enter(one, at, ref=f"ref-{first}")
        else:
            book.enter(one, at, ref="ref-1")
            book.enter(one, at, ref="ref-2")

    assert "uncertain" in stage.states()
    assert book.asked >= 1


def test_the_end_of_a_text_is_looked_up_when_no_report_came(
    stage: Stage, book: Book
) -> None:
    id_ = due_alert(stage)
    stage.deliver(id_)
    book.enter(book.sent[0][1], stage.now, status="delivered")

    stage.now += 9 * MINUTE
    _learn(stage)
    early = (book.asked, stage.message().delivery)
    stage.now += MINUTE
    _learn(stage)

    assert early == (0, "")
    assert (book.asked, stage.message().delivery) == (1, "delivered")


def test_a_text_whose_end_was_reported_is_not_looked_up(
    stage: Stage, book: Book
) -> None:
    id_ = due_alert(stage)
    stage.deliver(id_)
    stage.put(id_, delivery="delivered", delivery_rank=30)

    stage.now += 10 * MINUTE
    _learn(stage)

    assert book.asked == 0
    assert stage.rows(tables.awaited) == []


def test_it_is_asked_four_times_about_a_text_that_was_taken_and_then_no_more(
    stage: Stage, book: Book
) -> None:
    id_ = due_alert(stage)
    stage.deliver(id_)
    book.enter(book.sent[0][1], stage.now)
    for _ in range(26 * 60):
        stage.now += MINUTE
        reconciling.reconcile(stage.rt)

    assert book.asked == 4
    assert stage.rows(tables.awaited) == []


def test_a_provider_that_does_not_answer_is_asked_again(
    stage: Stage, book: Book
) -> None:
    with _lost(stage, book) as one:
        book.enter(one, stage.now + SECOND)
        book.is_away = True
    book.is_away = False
    _learn(stage)

    assert stage.message().state is State.ACCEPTED


def test_a_worker_that_died_with_a_text_in_its_hands_is_made_good_by_the_list(
    stage: Stage, book: Book
) -> None:
    id_ = due_alert(stage)
    stage.deliver(id_)
    book.enter(book.sent[0][1], stage.now)
    stage.put(id_, state="sending", accepted_at=None, provider_ref="")
    with stage.rt.store.write() as tx:
        tx.execute(tables.awaited.delete())
        tx.execute(
            tables.bells.insert().values(message_id=id_, ring_at=stage.now, rung=1)
        )

    stage.now += 61 * SECOND
    stage.sweep()
    _learn(stage)

    assert stage.message().state is State.ACCEPTED
