"""What does the message look like now? A page on this machine alone that follows the files while somebody edits them."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from aftercart import loading
from aftercart.errors import AftercartError, ConfigError, Problem
from aftercart.previewing import Preview
from aftercart.rendering import Renderer
from aftercart.runtime import Runtime
from aftercart.web import proof

#: The names under which a browser on this machine comes; another name is a page elsewhere that wants to read this one.
_HERE = ["127.0.0.1", "localhost"]
_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "img-src data: https:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Look = Callable[[Runtime], list[Preview]]


def create_watch(rt: Runtime, campaign: str, look: Look) -> Starlette:
    """The application of the page: `/` shows, `/stamp` says whether something has changed."""
    folder = rt.settings.folder

    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, rt, campaign, look)

    async def stamp(request: Request) -> Response:
        return PlainTextResponse(await run_in_threadpool(_stamp, folder))

    return Starlette(
        routes=[Route("/", show), Route("/stamp", stamp)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_HERE)],
    )


def _show(rt: Runtime, campaign: str, look: Look) -> Response:
    live = _stamp(rt.settings.folder)
    seen: list[Preview] = []
    problems: list[Problem] = []
    try:
        _read_again(rt, campaign)
        seen = look(rt)
    except ConfigError as error:
        problems = error.problems
    except AftercartError as error:
        problems = [Problem(campaign, 0, 0, str(error))]
    made = proof.page(campaign, seen, shop=rt.shop, problems=problems, live=live)
    headers = {"content-security-policy": _CSP, "cache-control": "no-store"}
    return HTMLResponse(made, headers=headers)


def _read_again(rt: Runtime, campaign: str) -> None:
    """Campaigns, shop and templates as they are now; a template with a mistake is a mistake here and not its last good version."""
    folder = rt.settings.folder
    campaigns, rt.shop = loading.load(folder / "campaigns", only=[campaign])
    rt.campaigns = {c.name: c for c in campaigns}
    rt.renderer = Renderer(folder / "templates", locale=rt.shop.locale)


def _stamp(folder: Path) -> str:
    """What changes when any file of a campaign, of the shop or of a template does."""
    digest = hashlib.sha256()
    for home in ("campaigns", "templates"):
        for file in sorted((folder / home).rglob("*")):
            try:
                known = file.stat()
            except OSError:  # gone between the two looks: the next one sees it
                continue
            digest.update(f"{file}\0{known.st_mtime_ns}\0{known.st_size}\0".encode())
    return digest.hexdigest()[:16]
