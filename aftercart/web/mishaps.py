"""What does somebody read when it goes wrong? What happened, what is safe, what to do next; never a stack trace."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from aftercart.web import drawing

log = structlog.get_logger(__name__)

_MACHINES = ("/v1/", "/hooks/", "/healthz", "/readyz", "/metrics", "/static/")


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _answer(request, error.status_code, error.detail, error.headers)


def _broken(request: Request, error: Exception) -> Response:
    # the id ties what the person reads to the line in the log, which has the trace
    number = uuid4().hex[:8]
    log.error("a page broke", path=request.url.path, number=number, exc_info=error)
    return _answer(request, 500, f"error {number}", None)


def _answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None
) -> Response:
    path = request.url.path
    if path.startswith(_MACHINES):
        return JSONResponse({"error": detail}, status, headers)
    if path.startswith("/console"):
        try:
            return drawing.console_page(
                request, "mishap.html", status=status, code=status, detail=detail
            )
        except (
            Exception
        ):  # the database may be what broke, and the frame of the page asks it
            log.exception("the error page broke too", path=path)
            words = f"{status}: {detail}. Nothing was changed. Try again in a minute.\n"
            return PlainTextResponse(words, status)
    return drawing.public_page(request, "gone.html", status=status)


HANDLERS: Mapping[Any, Callable[[Request, Exception], Response]] = {
    HTTPException: _refused,
    Exception: _broken,
}
