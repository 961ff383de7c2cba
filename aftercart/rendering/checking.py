"""What is wrong with the templates? Every problem of every file at once, each with its place."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import nodes

from aftercart.errors import Problem, TemplateError
from aftercart.model import Purpose
from aftercart.rendering import constructs, markup, names, parts, sources, tags
from aftercart.rendering.renderer import Renderer


def check(
    folder: Path, *, purposes: Mapping[str, Purpose] | None = None
) -> list[Problem]:
    """All problems of a folder of templates, in the order of files.

    `purposes` says which template is used for what. One that is not named there is held to the rules of marketing, unless it
    ends with the footer of service messages.
    """
    if not folder.is_dir():
        return [Problem(str(folder), 1, 1, "there is no such folder")]
    found = _of_markup(folder)
    located = bool(found)
    renderer = Renderer(folder)
    for name in sources.names(folder):
        found += _of_template(renderer, name, (purposes or {}).get(name))
    if (
        located
    ):  # the compiler's own words only repeat, less precisely, what was found above
        found = [p for p in found if not p.message.startswith(sources.UNREADABLE)]
    return sorted(set(found))


def _of_markup(folder: Path) -> list[Problem]:
    found: list[Problem] = []
    files = [*folder.glob("*/*.mjml"), *folder.glob("*/*.html")]
    for file in sorted(files):
        shown = file.relative_to(folder.parent).as_posix()
        try:
            found += markup.problems(file.read_text("utf-8"), shown)
        except TemplateError as error:
            found += error.problems
        except (OSError, UnicodeDecodeError) as error:
            found.append(Problem(shown, 1, 1, f"cannot be read: {error}"))
    return found


def _of_template(
    renderer: Renderer, name: str, purpose: Purpose | None
) -> list[Problem]:
    shown = f"{renderer.folder.name}/{name}"
    found = list(parts.of_folder(renderer.folder / name, shown))
    try:
        made = sources.read(renderer.folder, name, to_html=renderer.to_html)
    except TemplateError as error:
        return found + error.problems
    purpose = purpose or _purpose_of(made)
    trees: dict[str, nodes.Template] = {}
    for part, text in made.texts.items():
        marked = tags.Marked(tags.split(text, part), made.places[part])
        found += constructs.problems(marked)
        tree, _ = constructs.parse(marked)
        if tree is not None:
            found += names.problems(marked, tree)
            trees[part] = tree
    found += parts.of_law(trees, purpose, shown)
    if found:
        return found  # samples would only repeat what is already said
    try:
        template = renderer.template(name)
        found += parts.of_sms_opt_out(template, purpose, shown)
        found += parts.of_samples(renderer, template, shown)
    except TemplateError as error:
        found += error.problems
    return found


def _purpose_of(made: sources.Sources) -> Purpose:
    places = (place for part in made.places.values() for place in part)
    service = any("/_base/footer-service." in place.file for place in places)
    return Purpose.SERVICE if service else Purpose.MARKETING
