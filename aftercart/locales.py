"""Which language does a message speak, and how are days, times, sums and lists written in it? CLDR's answers, by Babel.

A locale is written as in `en-GB`. Whoever asks for one that nobody knows gets the shop's own.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

#: The language of the files of a template, where shop.yaml does not say.
DEFAULT = "en-GB"

_SIZES = ("zero", "one", "two", "few", "many", "other")
_YEAR_AT_THE_END = re.compile(r"[\s,]*(?:'[^']*'\s*)*y+[^dME]*\Z")


def known(name: str) -> str:
    """The locale as CLDR spells it, `de-AT` for `de_at`; empty for what is none."""
    return _spelled(name.strip())


@lru_cache(maxsize=1024)
def chain(name: str) -> tuple[str, ...]:
    """From the narrowest to the widest: `de-AT`, `de`."""
    made = _parsed(name)
    if made is None:
        return ()
    parts = (made.language, made.script, made.territory)
    wider = [parts, (parts[0], None, parts[2]), (parts[0], parts[1], None), parts[:1]]
    return tuple(dict.fromkeys("-".join(filter(None, some)) for some in wider))


def spoken(wanted: str, *, own: str, translated: Iterable[str]) -> str:
    """The locale of a message: the wanted one where its language is the shop's or there is a translation, else the shop's."""
    steps = chain(wanted)
    if not steps:
        return own
    if steps[-1:] == chain(own)[-1:]:
        # "en" alone says nothing about a country, and an English shop is at home in one
        return own if len(steps) == 1 else steps[0]
    return steps[0] if set(steps) & set(translated) else own


def language(name: str) -> str:
    """What people call it, in English: "German", "German (Austria)"."""
    made = _parsed(name)
    return (made.get_display_name("en") or name) if made else name


@lru_cache(maxsize=4096)
def weekday(day: date, locale: str) -> str:
    """ "Tuesday"; cached, for a batch speaks of the same few days a hundred times."""
    return format_date(day, "EEEE", locale=_locale(locale))


@lru_cache(maxsize=4096)
def day(day: date, locale: str) -> str:
    """ "Tuesday 3 March", "Dienstag, 3. März"."""
    return format_date(day, _pattern(locale), locale=_locale(locale))


def clock(at: datetime, locale: str) -> str:
    """ "18:40", or "6:40 PM" where people read that; with plain spaces, since an SMS pays for others."""
    made = format_time(at, "short", locale=_locale(locale))
    return made.replace("\u202f", " ").replace("\xa0", " ")


@lru_cache(maxsize=16_384)
def money(amount: Decimal, currency: str, locale: str) -> str:
    """ "£42.10", "42,10 €"; the number alone where no currency is known."""
    if not currency:
        return number(amount, locale)
    return str(format_currency(amount, currency, locale=_locale(locale)))


def number(value: Decimal | float, locale: str) -> str:
    """ "1,234.5", "1.234,5"."""
    return str(format_decimal(value, locale=_locale(locale)))


def listed(words: Iterable[str], locale: str) -> str:
    """ "eggs, milk and coffee", "Eier, Milch und Kaffee"."""
    return str(format_list(list(words), locale=_locale(locale)))


def form(count: float, forms: tuple[str, ...], locale: str) -> str:
    """The fitting one of the forms, which stand in the order of the language: one, few, many in Polish; one, other in English."""
    made = _locale(locale)
    sizes = [s for s in _SIZES if s in made.plural_form.tags or s == "other"]
    return forms[min(sizes.index(made.plural_form(count)), len(forms) - 1)]


@lru_cache(maxsize=1024)
def _parsed(name: str) -> Locale | None:
    try:
        return Locale.parse(name.replace("_", "-"), sep="-") if name else None
    except (UnknownLocaleError, ValueError):
        return None


def _spelled(name: str) -> str:
    made = _parsed(name)
    return str(made).replace("_", "-") if made else ""


def _locale(name: str) -> Locale:
    return _parsed(name) or Locale.parse(DEFAULT, sep="-")


@lru_cache(maxsize=256)
def _pattern(name: str) -> str:
    """A day with its weekday in full and without its year; not every language has it ready-made."""
    locale = _locale(name)
    ready = locale.datetime_skeletons.get("MMMMEEEEd")
    if ready is not None and "EEEE" in ready.pattern:
        return str(ready.pattern)
    whole = locale.date_formats["full"].pattern
    cut = _YEAR_AT_THE_END.sub("", whole)
    return cut if "y" not in cut else "EEEE d MMMM"
