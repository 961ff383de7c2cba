"""Do the words themselves get a message into trouble? Advertising in what goes without consent, and links that carriers filter.

The files are read as they were written, so that each finding has its line and column.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from aftercart.errors import Problem, TemplateError
from aftercart.rendering import files, sources

#: What makes an alert an advertisement, which needs consent. Few and plain, so that nobody is kept from saying what is so.
_PROMOTION = re.compile(
    r"\b(?:sale|discount(?:s|ed)?|vouchers?|coupons?|promo|promotions?|bargains?|special offers?|money off|free gifts?"
    r"|rabatte?|gutscheine?|sonderangebote?|aktionspreise?)\b|% (?:off|rabatt)\b",
    re.IGNORECASE,
)
_SHORTENER = re.compile(
    r"(?<![\w.-])(?:bit\.ly|tinyurl\.com|t\.co|goo\.gl|is\.gd|ow\.ly|cutt\.ly|buff\.ly|rebrand\.ly|rb\.gy|tiny\.cc"
    r"|shorturl\.at|t\.ly|v\.gd)/",
    re.IGNORECASE,
)


def problems(folder: Path, name: str, *, service: bool | None) -> Iterator[Problem]:
    """What stands in the files of a template, in all its languages; `service` is None where its purpose is not known."""
    texts = dict(_texts(folder, name))
    if service is None:
        service = any("_base/footer-service." in text for text in texts.values())
    for file, text in texts.items():
        for found in _SHORTENER.finditer(text):
            words = f"{found[0]} is shared with everybody, and filtered for it"
            hint = "link to the shop's own domain"
            yield _problem(file, text, found.start(), words, hint)
        for found in _PROMOTION.finditer(text) if service else ():
            words = f'"{found[0]}" is advertising, and a service message goes out without consent'
            hint = "take it out, or say it in a campaign whose purpose is marketing"
            yield _problem(file, text, found.start(), words, hint)


def _texts(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    for tongue in ("", *sources.translations(folder, name)):
        for file in sources.FILES:
            path = folder / name / tongue / file
            try:
                shown = path.relative_to(folder.parent).as_posix()
                yield shown, files.read(path, shown)
            except TemplateError:
                continue  # what cannot be read is told by whoever puts the parts together


def _problem(file: str, text: str, at: int, words: str, hint: str) -> Problem:
    before = text[:at]
    line = before.count("\n") + 1
    return Problem(file, line, at - (before.rfind("\n") + 1) + 1, words, hint)
