"""An app that takes webhooks, or refuses to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aftercart.sandbox import Running, serve


@dataclass
class App:
    """Keeps what was posted to it."""

    running: Running | None = None
    posts: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  #: the next statuses, then 204

    @property
    def url(self) -> str:
        assert self.running is not None
        return self.running.url

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.posts.append((request.url.path, body, dict(request.headers)))
        return Response(status_code=self.answers.pop(0) if self.answers else 204)


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    starlette: Any = Starlette(
        routes=[Route("/{path:path}", app.take, methods=["POST"])]
    )
    app.running = serve(starlette)
    yield app
    app.running.stop()
