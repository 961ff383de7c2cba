"""How does an answer become a page? Jinja templates of our own, always escaped, with the words and clocks of the house."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from aftercart.model import Channel, State
from aftercart.store import records
from aftercart.web import asking, clocks, words

#: Where the pages are.
PAGES = Path(__file__).parent / "pages"


def pages(static: Path) -> Environment:
    """The environment of all pages of this process."""
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["twice"] = lambda name: (name, name)
    environment.globals.update(
        asset=_assets(static),
        place=clocks.place,
        span=clocks.span,
        ago=clocks.ago,
        hour=clocks.hour,
        utc=clocks.utc,
        story_word=words.story,
        tone=words.tone,
        explained=words.explained,
        state_means=lambda state: words.STATES[State(state)],
        channel_word=lambda channel: words.CHANNELS[Channel(channel)],
        in_short=words.in_short,
        signed=words.signed,
        changed=_changed,
    )
    return environment


def console_page(
    request: Request, name: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of the console, with what its frame needs."""
    rt = asking.runtime(request)
    now = rt.clock()
    with rt.store.read() as tx:
        open_cases = records.open_case_count(tx)
    html = _template(request, f"console/{name}").render(
        now=now,
        shop=rt.shop,
        path=request.url.path,
        search=request.query_params.get("q", ""),
        open_cases=open_cases,
        has_password=bool(rt.settings.console_password),
        when=lambda at, zone="UTC": clocks.when(at, zone, now=now),
        day=lambda at, zone="UTC": clocks.day(at, zone, now),
        **values,
    )
    return HTMLResponse(html, status)


def public_page(
    request: Request,
    name: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page for customers: the shop's name and one thought."""
    shop = asking.runtime(request).shop
    html = _template(request, f"public/{name}").render(shop=shop, **values)
    return HTMLResponse(html, status, dict(headers or {}))


def _template(request: Request, name: str) -> Any:
    environment: Environment = request.app.state.pages
    return environment.get_template(name)


def _assets(static: Path) -> Callable[[str], str]:
    """Addresses that change with the file, so that browsers may keep them for ever."""
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        for path in static.iterdir()
    }
    return lambda name: f"/static/{name}?v={digests[name]}"


def _changed(query: Mapping[str, str], **new: str) -> str:
    """The query of a link: as it is, with some parts replaced, and those that became empty left out."""
    merged = {**query, **new}
    return "?" + urlencode({name: value for name, value in merged.items() if value})
