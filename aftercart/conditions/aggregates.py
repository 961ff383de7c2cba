"""What is counted here, added up or dated, and over which time: `count(orders, within='90 days')`?"""

import ast
import re
from dataclasses import dataclass
from datetime import timedelta

from aftercart.conditions.calls import called
from aftercart.conditions.literals import span, text
from aftercart.conditions.sight import PAST, Source, Wrong
from aftercart.spelling import did_you_mean

#: The functions that give a number, each with an example that says how.
EXAMPLES = {
    "count": "count(orders, within='90 days') >= 3",
    "sum": "sum(orders.total, within='90 days') > 200",
    "days_since": "days_since(orders) > 30",
    "score": "score('nps-survey') <= 6",
}
_EVENT = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Asked:
    """The number that a call stands for."""

    function: str
    source: str
    since_trigger: bool = False
    within: timedelta | None = None


def asked(tree: ast.Call, source: Source) -> Asked:
    """What a call of one of these functions asks for.

    Raises:
        Wrong: with the place and the words of the mistake.
    """
    name = called(tree)
    if len(tree.args) != 1:
        words = f"{name}(...) takes one thing to look at"
        raise Wrong(tree, words, f"write {EXAMPLES[name]}")
    if name in ("days_since", "score") and tree.keywords:
        words = f"{name}(...) looks at the latest, so it takes no since or within"
        raise Wrong(tree.keywords[0].value, words, f"write {EXAMPLES[name]}")
    since_trigger, within = span(tree)
    what = tree.args[0]
    if name == "sum":
        if source.text_of(what).replace(" ", "") != "orders.total":
            words = "sum(...) adds up one thing: orders.total"
            raise Wrong(what, words, f"write {EXAMPLES[name]}")
        return Asked(name, "orders", since_trigger, within)
    found = _survey(what) if name == "score" else _source(what, source)
    return Asked(name, found, since_trigger, within)


def _survey(tree: ast.expr) -> str:
    survey = text(tree)
    if not survey:
        words = "score(...) takes a survey campaign in quotes"
        raise Wrong(tree, words, f"write {EXAMPLES['score']}")
    return f"score:{survey}"


def _source(tree: ast.expr, source: Source) -> str:
    """orders, clicks, opens, or the type of event that is quoted here."""
    if isinstance(tree, ast.Name) and tree.id in PAST:
        return tree.id
    event = text(tree)
    if event in PAST:
        raise Wrong(tree, f"{event} stands without quotes", f"write {event}")
    if event == "order.placed":
        # what was imported has no events: it would count some orders and not others
        raise Wrong(tree, "orders are counted as orders", "write orders")
    if _EVENT.fullmatch(event):
        return event
    if event:
        words = f"\"{event}\" is not a type of event; write 'noun.verb'"
        raise Wrong(tree, words, "for example 'article.viewed'")
    bare = source.text_of(tree)
    if _EVENT.fullmatch(bare):
        hint = "write orders" if bare.startswith("orders.") else f"write '{bare}'"
        raise Wrong(tree, "a type of event stands in quotes", hint)
    meant = did_you_mean(bare, PAST)
    hint = f"{meant} Events stand in quotes, such as 'article.viewed'"
    raise Wrong(tree, f'"{bare[:60]}" cannot be counted', hint)
