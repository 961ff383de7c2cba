"""Which addresses does the web process answer? Every group of endpoints in its place, and what holds for all of them."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from aftercart.runtime import Runtime
from aftercart.web import (
    console,
    drawing,
    events,
    health,
    hooks,
    mishaps,
    survey,
    unsubscribe,
)
from aftercart.web.bodies import BodyLimit
from aftercart.web.headers import SecurityHeaders

_STATIC = Path(__file__).parent / "static"


def create_app(rt: Runtime) -> Starlette:
    """The ASGI application of one process. It starts nothing: no worker, no scheduler."""
    routes: list[BaseRoute] = [
        *events.routes(),
        *hooks.routes(),
        *unsubscribe.routes(),
        *survey.routes(),
        *health.routes(),
        *console.routes(),
        Mount("/static", StaticFiles(directory=_STATIC), name="static"),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(SecurityHeaders), Middleware(BodyLimit)],
        exception_handlers=mishaps.HANDLERS,
    )
    app.state.rt = rt
    app.state.pages = drawing.pages(_STATIC)
    return app
