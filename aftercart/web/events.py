"""How does the shop tell us what happened? POST /v1/events: one event or up to 1,000, each once, and every mistake by its index."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from pydantic.json_schema import models_json_schema
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from aftercart import enrolling, intake
from aftercart.errors import InputError
from aftercart.intake import BATCH, EventForm
from aftercart.web import asking
from aftercart.web.access import bearer_is

_NOBODY_BELIEVED = (
    "no token is set, so that nobody can be believed: set AFTERCART_API_TOKEN and start again; "
    "nothing was stored"
)
_NOT_BELIEVED = "the token is missing or wrong; send it as `Authorization: Bearer …`; nothing was stored"


def routes() -> list[BaseRoute]:
    """/v1/events and its description."""
    return [
        Route("/v1/events", tell, methods=["POST"]),
        Route("/v1/openapi.json", described),
    ]


async def tell(request: Request) -> JSONResponse:
    """Stores events: 202 all are in, 207 some are not, 422 none is.

    Raises:
        HTTPException: 401 and 503 about the token, 400 when the body is not JSON, 413 when it is too much.
    """
    rt = asking.runtime(request)
    token = rt.settings.api_token
    if not token:
        raise HTTPException(503, _NOBODY_BELIEVED)
    if not bearer_is(request.headers, token):
        raise HTTPException(401, _NOT_BELIEVED, {"www-authenticate": "Bearer"})
    raw = _decoded(await asking.body(request))
    if isinstance(raw, list) and len(raw) > BATCH:
        raise HTTPException(413, f"send at most {BATCH:,} events at a time")
    try:
        good, bad = await run_in_threadpool(intake.parse_events, raw)
    except InputError as error:
        raise HTTPException(400, str(error)) from None
    taken = await run_in_threadpool(enrolling.take_in, rt, good)
    answer = {
        "accepted": taken.new,
        "known": taken.known,
        "rejected": [
            {"index": index, "id": _id(raw, index), "error": words}
            for index, words in bad
        ],
    }
    return JSONResponse(answer, _status(good=len(good), bad=len(bad)))


async def described(_: Request) -> JSONResponse:
    """The OpenAPI description, made from the models that check what comes in."""
    return JSONResponse(_openapi())


def _decoded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HTTPException(
            400, f"the body is not JSON: {error}; nothing was stored"
        ) from None


def _id(raw: Any, index: int) -> str | None:
    event = raw[index] if isinstance(raw, list) else raw
    given = event.get("id") if isinstance(event, Mapping) else None
    return given if isinstance(given, str) else None


def _status(*, good: int, bad: int) -> int:
    if not bad:
        return 202
    return 207 if good else 422


@cache
def _openapi() -> dict[str, Any]:
    _, forms = models_json_schema(
        [(EventForm, "validation")], ref_template="#/components/schemas/{model}"
    )
    schemas = forms["$defs"] | {"Outcome": _OUTCOME, "Error": _ERROR}
    event = {"$ref": f"#/components/schemas/{EventForm.__name__}"}
    batch = {"type": "array", "items": event, "maxItems": BATCH}
    operation = {
        "operationId": "tellEvents",
        "summary": "Tell what happened: one event, or a list of up to 1,000",
        "description": "Telling an event twice changes nothing: its `id` is unique. Good events of a batch are kept when "
        "others are rejected. Everything that is kept is kept in one transaction.",
        "security": [{"token": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"oneOf": [event, batch]}}},
        },
        "responses": {
            "202": _response("Every event is stored, or was known", "Outcome"),
            "207": _response(
                "Some events were rejected; the rest is stored", "Outcome"
            ),
            "422": _response("Every event was rejected", "Outcome"),
            "400": _response("Not JSON, or neither an event nor a list", "Error"),
            "401": _response("The token is missing or wrong", "Error"),
            "413": _response("More than 1,000 events or 2 MB", "Error"),
            "503": _response("No token is set on our side", "Error"),
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Aftercart", "version": "1"},
        "paths": {"/v1/events": {"post": operation}},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _response(words: str, schema: str) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    return {"description": words, "content": {"application/json": content}}


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
}
_OUTCOME = {
    "type": "object",
    "required": ["accepted", "known", "rejected"],
    "properties": {
        "accepted": {"type": "integer", "description": "Events that were new"},
        "known": {"type": "integer", "description": "Events that we had already"},
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "id", "error"],
                "properties": {
                    "index": {"type": "integer", "description": "From 0"},
                    "id": {"type": ["string", "null"]},
                    "error": {
                        "type": "string",
                        "description": "Every mistake on a line of its own",
                    },
                },
            },
        },
    },
}
