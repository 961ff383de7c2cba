"""Which Jinja constructs may a template contain? Only those whose cost can be told from the text.

What Jinja offers beyond is refused by name, with its place: a template is written by people who do not want to read Python,
and runs in a process that has other messages to send.
"""

import re
from collections.abc import Iterator

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError

from aftercart.errors import Problem
from aftercart.rendering import ceiling, tags
from aftercart.rendering.sandbox import FILTERS, Sandbox, suggest
from aftercart.rendering.tags import Marked, Piece

MAX_LOOPS = 2
MAX_NODES = 1500
MAX_NUMBER = 10_000
MAX_DEPTH = 40  #: expressions and blocks inside each other

_WORD = re.compile(r"\{%[-+]?\s*(\w+)")
_PAIRED = frozenset({"if", "for", "macro", "set", "with", "filter", "call", "block"})
# One parser for all: it keeps nothing between texts.
_PARSER: Environment = Sandbox(html=True)
_REFUSED: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Include: (
        "include",
        'only {% include "_base/…" %} with the name written out',
    ),
    nodes.Import: ("import", "the macros of _base/macros.html are there without it"),
    nodes.FromImport: (
        "import",
        "the macros of _base/macros.html are there without it",
    ),
    nodes.Extends: ("extends", "body.mjml is put into _base/layout.mjml by itself"),
    nodes.Block: ("block", "body.mjml is put into _base/layout.mjml by itself"),
    nodes.ScopedEvalContextModifier: ("autoescape", "values are always escaped"),
    nodes.EvalContextModifier: ("autoescape", "values are always escaped"),
    nodes.FilterBlock: ("filter", "put the filter on the value: {{ value | filter }}"),
    nodes.CallBlock: ("call", "call the macro as {{ name(…) }}"),
    nodes.Pow: ("**", "powers are not needed in a message"),
}
_TOO_DEEP = (
    f"more than {MAX_DEPTH} expressions or blocks inside each other",
    "take them apart",
)
_HINTS = {
    "safe": "values are always escaped; write the markup in the template itself",
    "attr": "write value.name",
    "format": "join texts with ~",
}


def parse(marked: Marked) -> tuple[nodes.Template | None, list[Problem]]:
    """The tree of a text, or the problem that keeps it from being one."""
    if len(marked.tags) > MAX_NODES:
        # reading so many takes longer than a message is worth
        words = f"{len(marked.tags):,} values and blocks in one text"
        return None, [tags.problem(marked.place(1), words, f"at most {MAX_NODES:,}")]
    try:
        tree = _PARSER.parse(marked.source)
        return (None, [deep]) if (deep := _deep(tree, marked)) else (tree, [])
    except RecursionError:
        return None, [tags.problem(_deepest(marked).place, *_TOO_DEEP)]
    except TemplateSyntaxError as error:
        if "unexpected end of template" in str(error).lower() and (
            tag := _open_block(marked)
        ):
            words = f"{tag.text.split()[0]} {tag.text.split()[1]} … has no end"
            return None, [tags.problem(tag.place, words, _ending(tag))]
        return None, [tags.problem(marked.place(error.lineno), _words(error))]


def _deep(tree: nodes.Node, marked: Marked) -> Problem | None:
    """What is inside too much else. It is looked for without recursion: it may be deeper than Python goes."""
    left = [(tree, 0)]
    while left:
        node, depth = left.pop()
        if depth > MAX_DEPTH:
            return tags.problem(marked.place(getattr(node, "lineno", 1)), *_TOO_DEEP)
        left += [(child, depth + 1) for child in node.iter_child_nodes()]
    return None


def _deepest(marked: Marked) -> Piece:
    """Where a text that is too deep to be read gets too deep: at a block, or else in the longest tag."""
    depth = 0
    for tag in marked.tags:
        word = _WORD.match(tag.text)
        depth += bool(word and word[1] in _PAIRED) - bool(word and word[1][:3] == "end")
        if depth > MAX_DEPTH:
            return tag
    return max(marked.tags, key=lambda tag: len(tag.text))


def problems(marked: Marked) -> list[Problem]:
    """Everything in the text that is not a template's business, each with its place."""
    tree, found = parse(marked)
    if tree is None:
        return found
    count = 0
    for node in _walk(tree):
        count += 1
        if refusal := _refusal(node):
            words, hint = refusal
            found.append(tags.problem(marked.place(node.lineno), words, hint))
    if count > MAX_NODES:
        words = f"{count:,} expressions in one text"
        found.append(tags.problem(marked.place(1), words, f"at most {MAX_NODES:,}"))
    found += _nested(tree, marked)
    found += _growing(tree, marked)
    found += _unbounded_macros(tree, marked)
    return found or _costly(tree, marked)


def _costly(tree: nodes.Template, marked: Marked) -> list[Problem]:
    """What could make more than one message is worth; asked where nothing else is wrong."""
    try:
        ceiling.check(tree)
    except ceiling.TooMuch as error:
        hint = "go through fewer things, or write less about each"
        return [tags.problem(marked.place(error.line), error.words, hint)]
    return []


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    for child in node.iter_child_nodes():
        yield child
        yield from _walk(child)


def _refusal(node: nodes.Node) -> tuple[str, str] | None:
    if refused := _REFUSED.get(type(node)):
        return f"{refused[0]} is not for templates", refused[1]
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        known = ", ".join(sorted(FILTERS))
        hint = (
            _HINTS.get(node.name)
            or suggest(node.name, FILTERS)
            or f"there are: {known}"
        )
        return f'there is no filter "{node.name}"', hint
    if isinstance(node, nodes.Const) and _too_big(node.value):
        return f"the number {node.value} is too big", f"at most {MAX_NUMBER:,}"
    if isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Name):
        return "this cannot be called", "only macros and range can, by their names"
    if isinstance(node, nodes.For) and node.recursive:
        return "recursive loops are not for templates", "write the loop out"
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return f'"{node.attr}" is not a word of the vocabulary', "see docs/templates.md"
    if isinstance(node, (nodes.Mul, nodes.Mod)) and _is_text(node.left, node.right):
        return "text cannot be multiplied or formatted", "join texts with ~"
    return None


def _too_big(value: object) -> bool:
    return isinstance(value, (int, float)) and abs(value) > MAX_NUMBER


def _is_text(*sides: nodes.Expr) -> bool:
    return any(
        isinstance(s, (nodes.TemplateData, nodes.List))
        or (isinstance(s, nodes.Const) and isinstance(s.value, str))
        for s in sides
    )


def _nested(node: nodes.Node, marked: Marked, depth: int = 0) -> list[Problem]:
    found: list[Problem] = []
    for child in node.iter_child_nodes():
        inner = depth + isinstance(child, nodes.For)
        if isinstance(child, nodes.For) and inner == MAX_LOOPS + 1:
            words = f"{inner} loops inside each other"
            place = marked.place(child.lineno)
            found.append(tags.problem(place, words, f"at most {MAX_LOOPS}"))
        found += _nested(child, marked, inner)
    return found


def _growing(tree: nodes.Template, marked: Marked) -> list[Problem]:
    """A text made by `set` that is built from another such text can double with every line."""
    made: list[nodes.Assign | nodes.AssignBlock] = [
        *tree.find_all(nodes.Assign),
        *tree.find_all(nodes.AssignBlock),
    ]
    assigned = {
        n.name
        for m in made
        for n in [m.target, *m.target.find_all(nodes.Name)]
        if isinstance(n, nodes.Name)
    }
    found = []
    for text in made:
        joins: list[nodes.Node] = (
            [text]
            if isinstance(text, nodes.AssignBlock)
            else [*text.find_all(nodes.Concat)]
        )
        used = {
            name.name
            for join in joins
            for name in join.find_all(nodes.Name)
            if name.ctx == "load" and name.name in assigned
        }
        if used:
            words = (
                f'"{min(used)}" is itself made by set and cannot be joined into another'
            )
            hint = "write the text out where it is shown"
            found.append(tags.problem(marked.place(text.lineno), words, hint))
    return found


def _unbounded_macros(tree: nodes.Template, marked: Marked) -> list[Problem]:
    """A macro may call those written above it, so that none calls itself; and only outside of two loops."""
    known: set[str] = set()
    every = {m.name for m in tree.find_all(nodes.Macro)}
    calling: set[str] = set()
    found = _passed_on(tree, every, marked)
    for macro in tree.find_all(nodes.Macro):
        called = {
            c.node.name
            for c in macro.find_all(nodes.Call)
            if isinstance(c.node, nodes.Name) and c.node.name in every
        }
        if called - known or called & calling:
            words = f'the macro "{macro.name}" calls {", ".join(sorted(called))}'
            hint = "a macro may call one that stands above it and calls none itself"
            found.append(tags.problem(marked.place(macro.lineno), words, hint))
        known.add(macro.name)
        if called:
            calling.add(macro.name)
    return found


def _passed_on(tree: nodes.Template, every: set[str], marked: Marked) -> list[Problem]:
    """Macros under another name: what is called by one cannot be told any more."""
    calls = list(tree.find_all(nodes.Call))
    named = {id(c.node) for c in calls}
    found = []
    for name in tree.find_all(nodes.Name):
        callable_ = name.name in every or name.name == "range"
        if callable_ and (id(name) not in named or name.ctx != "load"):
            words = f'"{name.name}" can only be called'
            hint = f"write {name.name}(…), and take another name for a value"
            found.append(tags.problem(marked.place(name.lineno), words, hint))
    for call in calls:
        if isinstance(call.node, nodes.Name) and call.node.name not in every | {
            "range"
        }:
            known = suggest(call.node.name, every | {"range"})
            words = f'there is no macro "{call.node.name}"'
            hint = known or "macros stand in _base/macros.html"
            found.append(tags.problem(marked.place(call.lineno), words, hint))
        if call.dyn_args or call.dyn_kwargs:
            words = "a macro gets each of its values by itself"
            found.append(tags.problem(marked.place(call.lineno), words, "without *"))
    return found


def _open_block(marked: Marked) -> Piece | None:
    """The innermost block that was opened last and never ended."""
    still: list[Piece] = []
    for tag in marked.tags:
        word = _WORD.match(tag.text)
        if tag.kind != "block" or not word:
            continue
        if word[1].startswith("end") and still:
            still.pop()
        elif word[1] in _PAIRED and not (word[1] == "set" and "=" in tag.text):
            still.append(tag)
    return still[-1] if still else None


def _ending(tag: Piece) -> str:
    word = _WORD.match(tag.text)
    return f"end it with {{% end{word[1]} %}}" if word else ""


def _words(error: TemplateSyntaxError) -> str:
    words = (error.message or "cannot be read").rstrip(".")
    return words[0].lower() + words[1:]
