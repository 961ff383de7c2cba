"""What goes out in a second language: a German customer of an English shop, from the due row to the console."""

from aftercart import enrolling
from aftercart.model import Channel, Event, State
from aftercart.rendering import Template
from aftercart.store import records
from tests.people import ANN
from tests.verbs.stage import Stage, due_alert, due_recipe


def speaks(scene: Stage, locale: str) -> None:
    body = {"customer": {"id": ANN.id, "locale": locale}}
    event = Event(f"said-{locale}", "customer.updated", scene.now, ANN.id, "", body)
    enrolling.take_in(scene.rt, [event])


def test_a_german_gets_the_recipe_in_german(scene: Stage) -> None:
    speaks(scene, "de-DE")

    scene.deliver(due_recipe(scene))

    ((_, told),) = scene.post.sent
    assert told.rendered.text.startswith("Hallo Ann,")
    assert told.rendered.subject.startswith("Ein Rezept für Ihren Einkauf vom ")
    assert "Unsubscribe" not in told.rendered.html
    assert "Abmelden" in told.rendered.html
    assert 'lang="de-DE"' in told.rendered.html


def test_who_speaks_what_nobody_translated_gets_it_in_the_shops_language(
    scene: Stage,
) -> None:
    speaks(scene, "fr-FR")

    scene.deliver(due_recipe(scene))

    ((_, told),) = scene.post.sent
    assert told.rendered.text.startswith("Hello Ann,")
    assert told.rendered.subject.endswith("day")


def test_what_a_german_got_can_be_shown_again_as_it_was(scene: Stage) -> None:
    speaks(scene, "de-AT")
    id_ = due_alert(scene)
    scene.deliver(id_)

    with scene.rt.store.read() as tx:
        page = records.message_page(tx, id_, now=scene.now)
    assert page is not None and page.message.state is State.ACCEPTED
    template = Template.from_sources(page.message.template, page.sources)

    again = scene.rt.renderer.render(template, Channel.SMS, page.values)

    assert "Ihre Bestellung kommt später" in again.text
    assert again == scene.post.sent[0][1].rendered
