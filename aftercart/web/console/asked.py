"""Is there such a thing as this address asks for? A filter that nobody knows is told to its reader, and never quietly left out."""

from collections.abc import Callable, Collection, Mapping

from starlette.requests import Request

from aftercart.spelling import did_you_mean

#: What is wrong with a value, in words; empty where nothing is.
Check = Callable[[str], str]


def wrong(request: Request, **filters: Check) -> list[str]:
    """What is wrong with the filters in the address, by these checks and no other names. An empty filter is none."""
    return [
        words
        for name, value in request.query_params.multi_items()
        for words in [_wrong(name, value.strip(), filters)]
        if words
    ]


def anything(_: str) -> str:
    """The check of a filter in which any text may stand."""
    return ""


def one_of(what: str, known: Collection[str]) -> Check:
    """The check of a filter in which one of these words stands."""

    def check(text: str) -> str:
        if text in known:
            return ""
        return f"There is no {what} “{text}”; {did_you_mean(text, known)}"

    return check


def _wrong(name: str, value: str, filters: Mapping[str, Check]) -> str:
    if name not in filters:
        return f"There is no filter “{name}”; {did_you_mean(name, filters)}"
    return filters[name](value) if value else ""
