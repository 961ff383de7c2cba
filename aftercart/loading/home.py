"""Which language is the shop at home in, and who works there? What of shop.yaml needs more than a shape."""

from aftercart import addresses, locales
from aftercart.errors import InputError, Problem
from aftercart.loading.documents import Document


def language(document: Document, said: str, problems: list[Problem]) -> str:
    """The shop's own locale, as everybody spells it."""
    known = locales.known(said)
    if not known:
        words = f'"{said}" is not a language that is known'
        hint = "write a language and, if need be, a country: en-GB, de, pl"
        problems.append(document.problem(("locale",), words, hint))
    return known or locales.DEFAULT


def staff(
    document: Document, said: list[str], problems: list[Problem]
) -> tuple[str, ...]:
    """The addresses to which a test message may go, in their normal form."""
    found = []
    for number, text in enumerate(said):
        try:
            found.append(normal(text))
        except InputError as error:
            hint = 'an e-mail address, or a number with its country: "+44 7700 900123"'
            problems.append(document.problem(("staff", number), str(error), hint))
    return tuple(found)


def normal(text: str) -> str:
    """An e-mail address or a telephone number in the one form in which it is compared.

    Raises:
        InputError: when it is neither.
    """
    return addresses.email(text) if "@" in text else addresses.phone(text, region="")
