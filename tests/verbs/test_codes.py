"""A code on its way: the customer reads it, and the till finds it in the log."""

from datetime import UTC, datetime, timedelta

from aftercart import enrolling
from aftercart.model import Event
from aftercart.store import records
from tests.people import ANN
from tests.verbs.stage import Stage


def test_the_birthday_card_brings_a_code_that_the_log_knows(scene: Stage) -> None:
    scene.only("birthday")
    scene.now = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
    body = {"customer": {"id": ANN.id, "birthday": "03-08"}}
    told = Event("born", "customer.updated", scene.now, ANN.id, "", body)
    enrolling.take_in(scene.rt, [told])
    scene.tell("order.placed", ANN, order="o-1", items=["milk"])

    scene.run(scene.now + timedelta(days=3))

    ((_, card),) = scene.post.sent
    with scene.rt.store.read() as tx:
        brought = records.coupons(tx, [card.message_id, "another"])
    assert set(brought) == {card.message_id}
    code = brought[card.message_id]
    assert code.startswith("BDAY-") and len(code) == 13
    assert code in card.rendered.text and code in card.rendered.html
