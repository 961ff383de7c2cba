"""What is wrong with the templates? Every problem of every file at once, each with its place."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jinja2 import nodes

from aftercart import locales
from aftercart.errors import Problem, TemplateError
from aftercart.model import Purpose
from aftercart.rendering import (
    constructs,
    files,
    habits,
    markup,
    names,
    parts,
    phrases,
    plain,
    pressing,
    sources,
    tags,
    translations,
)
from aftercart.rendering.renderer import Renderer

#: template -> word -> the campaign whose messages do not have it.
Lacking = Mapping[str, Mapping[str, str]]


def check(
    folder: Path,
    *,
    purposes: Mapping[str, Purpose] | None = None,
    coupons: Collection[str] | None = None,
    lacking: Lacking | None = None,
    locale: str = locales.DEFAULT,
) -> list[Problem]:
    """All problems of a folder of templates, in the order of files.

    `purposes` says which template is used for what. One that is not named there is held to the rules of marketing, unless it
    ends with the footer of service messages. `coupons` are the templates whose campaigns all bring a
    code, None where that is not known. `lacking` are the words that a template's messages do not have. `locale` is the language of the files that stand in no folder of a language.
    """
    if not folder.is_dir():
        return [Problem(str(folder), 1, 1, "there is no such folder")]
    made = steps(
        folder, purposes=purposes, coupons=coupons, lacking=lacking, locale=locale
    )
    return arranged([(step, step.judge()) for step in made])


@dataclass(frozen=True)
class Step:
    """A part of the check that can be done by itself; `markup` finds the exact place of what the compiler will stumble over."""

    shown: str
    judge: Callable[[], list[Problem]]
    markup: bool = False


def steps(
    folder: Path,
    *,
    purposes: Mapping[str, Purpose] | None,
    coupons: Collection[str] | None,
    lacking: Lacking | None,
    locale: str,
) -> list[Step]:
    """The whole check: the markup of every folder, then every template."""
    renderer = Renderer(folder, locale=locale)
    homes = sorted(p for p in folder.iterdir() if p.is_dir())
    made = [
        Step(f"{folder.name}/{home.name}", partial(_of_markup, home), markup=True)
        for home in homes
    ]
    for name in sources.names(folder):
        brings = coupons is None or name in coupons
        lacks = (lacking or {}).get(name, {})
        use = _Use((purposes or {}).get(name), brings, lacks)
        made.append(
            Step(f"{folder.name}/{name}", partial(_of_message, renderer, name, use))
        )
    return made


@dataclass(frozen=True)
class _Use:
    """What a template is used for: the purpose where it is known, whether a coupon is there to be shown, and what is not there."""

    purpose: Purpose | None
    coupon: bool
    lacking: Mapping[str, str]


def arranged(judged: Iterable[tuple[Step, list[Problem]]]) -> list[Problem]:
    """The problems in the order of files, each once."""
    judged = list(judged)
    found = {problem for _, problems in judged for problem in problems}
    if any(problems for step, problems in judged if step.markup):
        # the compiler's own words only repeat, less precisely, what was found in the markup
        found = {p for p in found if not p.message.startswith(pressing.UNREADABLE)}
    return sorted(found)


def _of_markup(home: Path) -> list[Problem]:
    found: list[Problem] = []
    every = ("*.mjml", "*.html", "*/*.mjml", "*/*.html")
    for file in sorted(file for form in every for file in home.glob(form)):
        shown = file.relative_to(home.parents[1]).as_posix()
        try:
            found += markup.problems(files.read(file, shown), shown)
        except TemplateError as error:
            found += error.problems
    return found


def _of_message(renderer: Renderer, name: str, use: _Use) -> list[Problem]:
    """A template in all its languages."""
    shown = f"{renderer.folder.name}/{name}"
    found = list(parts.of_folder(renderer.folder / name, shown))
    found += translations.of_folder(renderer.folder, name)
    found += habits.problems(renderer.folder / name)
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
            found += names.problems(marked, tree, lacking=use.lacking)
            found += [] if use.coupon else parts.of_coupon(marked, tree)
            trees[part] = tree
    written = {p: t for p, t in trees.items() if not plain.is_made(made.texts[p])}
    found += parts.of_law(written, purpose, shown)
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
