"""How do the texts read for the customers that there are? Names that are missing, and names that make an SMS dear."""

import heapq
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import nodes

from aftercart import locales, sms
from aftercart.errors import Problem, TemplateError
from aftercart.model import Channel
from aftercart.rendering import constructs, names, sources, tags
from aftercart.rendering.parts import MAX_SMS_PARTS
from aftercart.rendering.renderer import Renderer
from aftercart.rendering.vocabulary import sample_values

#: As many of the longest names, and of those that SMS pays extra for, are tried.
_TRIED = 100


def problems(
    folder: Path, first_names: Mapping[str, int], *, locale: str = locales.DEFAULT
) -> list[Problem]:
    """What is found with these first names, each with how many customers have it. Templates with other mistakes are passed over."""
    renderer = Renderer(folder, locale=locale)
    found: set[Problem] = set()
    for name in sources.names(folder):
        for tongue in (locale, *sources.translations(folder, name)):
            try:
                found |= set(_of_template(renderer, name, tongue, first_names))
            except TemplateError:
                continue
    return sorted(found)


def _of_template(
    renderer: Renderer, name: str, tongue: str, first_names: Mapping[str, int]
) -> Iterator[Problem]:
    made = sources.read(renderer.folder, name, to_html=renderer.to_html, locale=tongue)
    for part, text in made.texts.items():
        marked = tags.Marked(tags.split(text, part), made.places[part])
        tree, _ = constructs.parse(marked)
        if tree is None:
            continue
        if first_names.get(""):
            yield from _bare(marked, tree, first_names)
        if part == "sms" and names.uses(tree, "customer.first_name"):
            yield from _dear(renderer, name, tongue, marked, tree, first_names)


def _bare(
    marked: tags.Marked, tree: nodes.Template, first_names: Mapping[str, int]
) -> Iterator[Problem]:
    without, all_ = first_names[""], sum(first_names.values())
    for use in _unguarded(tree):
        words = (
            f"customer.first_name is empty for {without:,} of {all_:,} customers "
            "and is used without {% if %}"
        )
        hint = "{% if customer.first_name %} … {% endif %} around what only reads well with a name"
        yield tags.problem(marked.place(use.lineno, "first_name"), words, hint)


def _dear(
    renderer: Renderer,
    name: str,
    tongue: str,
    marked: tags.Marked,
    tree: nodes.Template,
    first_names: Mapping[str, int],
) -> Iterator[Problem]:
    """The worst of the texts, where it costs more than one may."""
    template = renderer.template(name, tongue)
    values = sample_values(locale=template.locale)
    worst: tuple[int, str, sms.Parts] | None = None
    for first_name in _tried(first_names):
        values["customer"]["first_name"] = first_name
        cost = sms.measure(renderer.render(template, Channel.SMS, values).text)
        if cost.parts > MAX_SMS_PARTS and (worst is None or cost.parts > worst[0]):
            worst = cost.parts, first_name, cost
    if worst is None:
        return
    parts, first_name, cost = worst
    use = next(n for n in tree.find_all(nodes.Getattr) if n.attr == "first_name")
    words = f'for "{first_name}" this text costs {parts} SMS in {cost.encoding}, and at most {MAX_SMS_PARTS} are meant'
    hint = sms.advice(cost) or "shorten the text, or leave the name out"
    yield tags.problem(marked.place(use.lineno, "first_name"), words, hint)


def _tried(first_names: Mapping[str, int]) -> list[str]:
    dear = [n for n in first_names if sms.measure(n).culprits]
    return [
        *heapq.nlargest(_TRIED, first_names, key=len),
        *heapq.nlargest(_TRIED, dear, key=len),
    ]


def _unguarded(node: nodes.Node) -> Iterator[nodes.Node]:
    """Uses of the name that nothing asks about before."""
    if _is_name(node):
        yield node
        return
    asks: nodes.Node | None = None
    if isinstance(node, (nodes.If, nodes.CondExpr)):
        asks = node.test
    elif isinstance(node, nodes.Or):
        asks = node.left
    elif (
        isinstance(node, nodes.Filter) and node.name == "default" and len(node.args) > 1
    ):
        asks = node.node
    if asks is not None and (
        _is_name(asks) or any(map(_is_name, asks.find_all(nodes.Getattr)))
    ):
        return
    for child in node.iter_child_nodes():
        yield from _unguarded(child)


def _is_name(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.Getattr)
        and node.attr == "first_name"
        and isinstance(node.node, nodes.Name)
        and node.node.name == "customer"
    )
