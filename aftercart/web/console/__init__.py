"""Where does support look? The console: server-rendered pages behind one gate."""

from starlette.datastructures import URL
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from aftercart.web.access import DeskOnly
from aftercart.web.console import (
    campaigns,
    cases,
    customers,
    health,
    log,
    message,
    nps,
)


def routes() -> list[BaseRoute]:
    """Everything under /console. The gate stands before all of it, so that no page can forget it."""
    pages: list[BaseRoute] = [
        Route("/", home),
        Route("/log", log.page),
        Route("/messages/{id}", message.page),
        Route("/messages/{id}/seen", message.seen),
        Route("/customers", customers.listing),
        Route("/customers/{id:path}", customers.page),
        Route("/cases", cases.page),
        Route("/cases/{id}/close", cases.close, methods=["POST"]),
        Route("/nps", nps.page),
        Route("/campaigns", campaigns.page),
        Route("/campaigns/pause", campaigns.pause, methods=["POST"]),
        Route("/campaigns/resume", campaigns.resume, methods=["POST"]),
        Route("/health", health.page),
    ]
    return [
        Route("/console", home),
        Mount("/console", routes=pages, middleware=[Middleware(DeskOnly)]),
    ]


async def home(request: Request) -> Response:
    """The log is where a conversation starts; filters go with it."""
    return RedirectResponse(
        str(URL("/console/log").replace(query=request.url.query)), 307
    )
