"""A real web process in a thread, and the plainest client for it."""

import base64
import http.client
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette

from aftercart.runtime import Runtime
from aftercart.store.tables import metadata
from aftercart.web import create_app
from tests.web.seeding import TOKEN


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """The pages of one runtime on a free port."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt
        config = uvicorn.Config(
            self.app(rt), port=0, log_level="warning", ws="none", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def app(self, rt: Runtime) -> Starlette:
        return create_app(rt)

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        host: str = "",
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            sent = dict(headers or {})
            if host:
                sent["Host"] = host
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            named = {k.lower(): v for k, v in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def post(
        self, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> Answer:
        """A form, as a browser sends it."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form or {}).encode()
        return self.ask("POST", path, body=body, headers={**kind, **headers})

    def press(self, path: str, form: Mapping[str, str] | None = None) -> Answer:
        """A button on one of the console's own pages."""
        return self.post(path, form, Origin=f"http://127.0.0.1:{self.port}")

    def tell(self, events: Any, *, token: str = TOKEN) -> Answer:
        """The shop's own call."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        return self.ask("POST", "/v1/events", body=body, headers=headers)


def everything(rt: Runtime) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table: two of them are equal when nothing at all was written between."""
    with rt.store.read() as tx:
        return {
            table.name: sorted(
                (tuple(row) for row in tx.execute(table.select())), key=repr
            )
            for table in metadata.sorted_tables
        }


def basic(password: str, *, user: str = "support") -> dict[str, str]:
    """The header of a browser that asked for the password."""
    return {
        "Authorization": "Basic "
        + base64.b64encode(f"{user}:{password}".encode()).decode()
    }
