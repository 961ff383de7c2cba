"""Does every translation say what the original says? Files that are missing, values that got lost or came from nowhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import nodes

from aftercart import locales
from aftercart.errors import Problem
from aftercart.rendering import sources
from aftercart.rendering.sandbox import suggest

#: What belongs to the frame and not to the message: a translation may say it in another way.
_FRAME = ("shop", "message", "loop", "range")
_MAIL = ("subject", "preview", "html", "text")


def of_folder(folder: Path, name: str) -> Iterator[Problem]:
    """The folders of languages in a template's folder: named as a language, and with every file of the original."""
    own = _files(folder / name)
    for tongue in sources.translations(folder, name):
        shown = f"{folder.name}/{name}/{tongue}"
        known = locales.known(tongue)
        if tongue not in locales.chain(known):
            near = known or suggest(tongue, ("de", "fr", "es", "it", "nl", "pl", "en"))
            words = f'"{tongue}" is not a language that is known'
            hint = (
                f"name the folder {known}" if known else near or "such as de or de-AT"
            )
            yield Problem(shown, 1, 1, words, hint)
            continue
        here = _files(folder / name / tongue)
        for file in sorted({p.name for p in (folder / name / tongue).iterdir()}):
            if file not in sources.FILES and not file.startswith("."):
                hint = suggest(file, sources.FILES)
                hint = hint or f"files: {', '.join(sources.FILES)}"
                words = "this file is no part of a message"
                yield Problem(f"{shown}/{file}", 1, 1, words, hint)
        for wider in locales.chain(tongue)[1:]:
            here |= _files(folder / name / wider)
        for part in sorted(own.keys() - here.keys()):
            file = own[part]
            words = (
                f"the translation into {locales.language(tongue)} has no {file}: "
                "the message would be in two languages"
            )
            yield Problem(
                shown, 1, 1, words, f"translate {name}/{file} to {shown}/{file}"
            )


def of_values(
    own: Mapping[str, nodes.Template],
    theirs: Mapping[str, nodes.Template],
    *,
    shown: str,
    tongue: str,
) -> Iterator[Problem]:
    """What a translation shows and the original does not, or the other way round; by e-mail and by SMS."""
    for parts, file in ((_MAIL, "body.txt"), (("sms",), "sms.txt")):
        ours, other = _values(own, parts), _values(theirs, parts)
        if not any(part in own and part in theirs for part in parts):
            continue
        said = locales.language(tongue)
        for value in sorted(ours - other):
            words = f"the translation into {said} does not say {value}, which the original does"
            hint = f"add {{{{ {value} }}}}, or take it out of the original"
            yield Problem(f"{shown}/{tongue}/{file}", 1, 1, words, hint)
        for value in sorted(other - ours):
            words = (
                f"the translation into {said} says {value}, which the original does not"
            )
            hint = "take it out, or add it to the original"
            yield Problem(f"{shown}/{tongue}/{file}", 1, 1, words, hint)


def _files(home: Path) -> dict[str, str]:
    """The parts that are in a folder, with their files."""
    return {part: f for f, part in sources.FILES.items() if (home / f).is_file()}


def _values(trees: Mapping[str, nodes.Template], parts: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        if part in trees:
            found |= _shown(trees[part])
    return found


def _shown(tree: nodes.Template) -> set[str]:
    """What a text says beside what its shared pieces say for themselves."""
    pieces = {id(n) for m in tree.find_all(nodes.Macro) for n in m.find_all(nodes.Node)}
    return {
        f"{found.node.name}.{found.attr}"
        for found in tree.find_all(nodes.Getattr)
        if isinstance(found.node, nodes.Name)
        and found.node.name not in _FRAME
        and id(found) not in pieces
    }
