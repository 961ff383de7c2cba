"""What is wrong with the templates? Every problem of every file at once, each with its place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import nodes

from aftercart import locales
from aftercart.errors import Problem, TemplateError
from aftercart.model import Purpose
from aftercart.rendering import (
    constructs,
    markup,
    names,
    parts,
    phrases,
    sources,
    tags,
    translations,
)
from aftercart.rendering.renderer import Renderer


def check(
    folder: Path,
    *,
    purposes: Mapping[str, Purpose] | None = None,
    coupons: Collection[str] | None = None,
    locale: str = locales.DEFAULT,
) -> list[Problem]:
    """All problems of a folder of templates, in the order of files.

    `purposes` says which template is used for what. One that is not named there is held to the rules of marketing, unless it
    ends with the footer of service messages. `coupons` are the templates whose campaigns all bring a
    code, None where that is not known. `locale` is the language of the files that stand in no folder of a language.
    """
    if not folder.is_dir():
        return [Problem(str(folder), 1, 1, "there is no such folder")]
    found = _of_markup(folder)
    located = bool(found)
    renderer = Renderer(folder, locale=locale)
    for name in sources.names(folder):
        brings = coupons is None or name in coupons
        found += _of_message(renderer, name, _Use((purposes or {}).get(name), brings))
    if (
        located
    ):  # the compiler's own words only repeat, less precisely, what was found above
        found = [p for p in found if not p.message.startswith(sources.UNREADABLE)]
    return sorted(set(found))


@dataclass(frozen=True)
class _Use:
    """What a template is used for: the purpose where it is known, and whether a coupon is there to be shown."""

    purpose: Purpose | None
    coupon: bool


def _of_markup(folder: Path) -> list[Problem]:
    found: list[Problem] = []
    deep = ("*/*", "*/*/*")
    files = [
        f for d in deep for end in (".mjml", ".html") for f in folder.glob(d + end)
    ]
    for file in sorted(files):
        shown = file.relative_to(folder.parent).as_posix()
        try:
            found += markup.problems(file.read_text("utf-8"), shown)
        except TemplateError as error:
            found += error.problems
        except (OSError, UnicodeDecodeError) as error:
            found.append(Problem(shown, 1, 1, f"cannot be read: {error}"))
    return found


def _of_message(renderer: Renderer, name: str, use: _Use) -> list[Problem]:
    """A template in all its languages."""
    shown = f"{renderer.folder.name}/{name}"
    found = list(parts.of_folder(renderer.folder / name, shown))
    found += translations.of_folder(renderer.folder, name)
    service = use.purpose is Purpose.SERVICE if use.purpose else None
    found += phrases.problems(renderer.folder, name, service=service)
    wrong, own = _of_template(renderer, name, renderer.locale, use)
    found += wrong
    for tongue in sources.translations(renderer.folder, name):
        if tongue not in locales.chain(tongue):
            continue
        wrong, theirs = _of_template(renderer, name, tongue, use)
        found += wrong
        if own and theirs and not wrong:
            found += translations.of_values(own, theirs, shown=shown, tongue=tongue)
    return found


_Trees = dict[str, nodes.Template]


def _of_template(
    renderer: Renderer, name: str, locale: str, use: _Use
) -> tuple[list[Problem], _Trees]:
    """What is wrong with it in one language, and what it is made of."""
    shown = f"{renderer.folder.name}/{name}"
    if locale != renderer.locale:
        shown = f"{shown}/{locale}"
    found: list[Problem] = []
    try:
        made = sources.read(
            renderer.folder, name, to_html=renderer.to_html, locale=locale
        )
    except TemplateError as error:
        return error.problems, {}
    purpose = use.purpose or _purpose_of(made)
    trees: _Trees = {}
    for part, text in made.texts.items():
        marked = tags.Marked(tags.split(text, part), made.places[part])
        found += constructs.problems(marked)
        tree, _ = constructs.parse(marked)
        if tree is not None:
            found += names.problems(marked, tree)
            found += [] if use.coupon else parts.of_coupon(marked, tree)
            trees[part] = tree
    found += parts.of_law(trees, purpose, shown)
    if found:
        return found, trees  # samples would only repeat what is already said
    try:
        template = renderer.template(name, locale)
        found += parts.of_sms_opt_out(template, purpose, shown)
        found += parts.of_samples(renderer, template, shown)
    except TemplateError as error:
        found += error.problems
    return found, trees


def _purpose_of(made: sources.Sources) -> Purpose:
    places = (place for part in made.places.values() for place in part)
    service = any("/_base/footer-service." in place.file for place in places)
    return Purpose.SERVICE if service else Purpose.MARKETING
