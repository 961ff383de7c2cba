"""How do the official client's requests travel? Over a pool of kept connections, with time-outs, never twice.

The client's own transport has no time-out, logs every request and hands its answers over in a shared attribute; this one
returns a local, so threads cannot mix them up.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from twilio.http import HttpClient
from twilio.http.response import Response
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

TIMEOUT = urllib3.Timeout(connect=5.0, read=15.0)
IDLE_SECONDS = 50.0  #: load balancers forget an idle connection after a minute


class _Retiring(HTTPConnection):
    """A connection that calls itself dropped once it has been idle for too long."""

    _used = 0.0

    @property
    def is_connected(self) -> bool:
        idle = time.monotonic() - self._used
        return super().is_connected and idle < IDLE_SECONDS

    def getresponse(self) -> Any:
        response = super().getresponse()
        self._used = time.monotonic()
        return response


class _RetiringTls(_Retiring, HTTPSConnection):
    def connect(self) -> None:
        """Connect; whatever fails in here failed before the first byte of the request, and is raised as just that."""
        try:
            super().connect()
        except OSError as error:
            raise NewConnectionError(self, f"TLS: {error}") from error


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Retiring


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _RetiringTls


class PooledClient(HttpClient):  # type: ignore[misc]
    """What `twilio.rest.Client` sends through; `base_url` takes the place of https://api.twilio.com."""

    def __init__(self, base_url: str, *, connections: int) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._base_url = base_url.rstrip("/")
        self._pools = urllib3.PoolManager(
            maxsize=connections, timeout=TIMEOUT, retries=False
        )
        self._pools.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request, one answer. The client has no say over time-outs and redirects here."""
        sent = dict(headers or {})
        if auth:
            sent |= urllib3.make_headers(basic_auth=":".join(auth))
        query = f"?{urlencode(dict(params), doseq=True)}" if params else ""
        answer: Any = self._pools.request(
            method,
            f"{self._base_url}{urlsplit(uri).path}{query}",
            body=urlencode(dict(data), doseq=True) if data else None,
            headers=sent,
            redirect=False,
        )
        told = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status, answer.data.decode("utf-8", "replace"), told)

    def close(self) -> None:
        """Close the kept connections; the client may be used again."""
        self._pools.clear()
