"""What did this request bring? The runtime behind it, its body and its form, each within bounds."""

import asyncio
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request

from aftercart.runtime import Runtime

#: A body that trickles in holds a connection and nothing else; this is when we stop waiting.
_PATIENCE_SECONDS = 10.0
_FIELDS = 20


def runtime(request: Request) -> Runtime:
    """The one runtime of this process."""
    rt: Runtime = request.app.state.rt
    return rt


async def body(request: Request) -> bytes:
    """The raw bytes.

    Raises:
        HTTPException: 408 when they do not come in time, 413 when they are too many.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await request.body()
    except TimeoutError:
        raise HTTPException(408, "the body did not arrive in time") from None


async def form(request: Request) -> Mapping[str, str]:
    """The text fields of a form, either encoding; files are refused.

    Raises:
        HTTPException: 400 when it is not a form, 408 and 413 as `body`.
    """
    await body(request)  # the form parser then reads what is already there
    async with request.form(max_files=0, max_fields=_FIELDS) as given:
        return {name: value for name, value in given.items() if isinstance(value, str)}
