"""Is there such a tag, such a survey, such an event? Names in conditions that nothing ever brings: a campaign that waits for them is silent for ever."""

import re
from collections.abc import Iterator, Sequence

from aftercart.campaigns import Campaign
from aftercart.conditions import Aggregate, Tagged, nodes
from aftercart.errors import InputError, Problem
from aftercart.loading import phrases
from aftercart.loading.documents import Document, Path_
from aftercart.model import Purpose
from aftercart.shop import Shop
from aftercart.spelling import closest, did_you_mean

_EVENT = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


def slips(documents: Sequence[Document]) -> Iterator[Problem]:
    """Types of events that are a single slip away from a known one."""
    for document, path, node in _named(documents):
        if isinstance(node, Aggregate) and _EVENT.fullmatch(node.source):
            try:
                phrases.event_type(node.source)
            except InputError as error:
                words, _, hint = str(error).partition(": ")
                yield _at(document, path, node.column, words, hint)


def check(
    documents: Sequence[Document], campaigns: Sequence[Campaign], shop: Shop | None
) -> Iterator[Problem]:
    """Tags that nothing puts on and surveys that nobody is asked, in all these files."""
    surveys = [c.name for c in campaigns if c.purpose is Purpose.SURVEY]
    put = {tag for d in documents for _, tag in _steps(d, "tag")}
    tags = put | set(shop.tags if shop else ())
    for document, path, node in _named(documents):
        if isinstance(node, Tagged) and node.tag not in tags:
            yield _at(document, path, node.column, *_no_tag(node.tag, tags))
        if isinstance(node, Aggregate) and node.function == "score":
            survey = node.source.removeprefix("score:")
            if survey not in surveys:
                words = f'there is no survey "{survey}"'
                hint = did_you_mean(survey, surveys)
                yield _at(document, path, node.column, words, hint)
    for document in documents:
        for path, untagged in _steps(document, "untag"):
            if untagged not in tags:
                yield document.problem(path, *_no_tag(untagged, tags))


def _named(
    documents: Sequence[Document],
) -> Iterator[tuple[Document, Path_, nodes.Node]]:
    """Every part of every condition, in the file in which it is written."""
    for document in documents:
        for path, condition in document.conditions.items():
            for node in nodes.walk(condition.root, into_names=False):
                yield document, path, node


def _steps(document: Document, key: str) -> Iterator[tuple[Path_, str]]:
    """What the steps of a campaign have under this key, wherever they stand."""
    for path, node in document.values.items():
        if path[0:1] == ("steps",) and path[-1] == key:
            yield path, str(getattr(node, "value", ""))


def _no_tag(tag: str, known: set[str]) -> tuple[str, str]:
    meant = closest(tag, known)
    shop = '"tags:" in shop/shop.yaml'
    return f'nothing ever puts on the tag "{tag}"', (
        f'did you mean "{meant}"? One that the shop brings goes under {shop}'
        if meant
        else f'put it on with a step "tag: {tag}", or list it under {shop} if the shop brings it'
    )


def _at(document: Document, path: Path_, column: int, words: str, hint: str) -> Problem:
    return Problem(document.file, *document.spot_in_text(path, column), words, hint)
