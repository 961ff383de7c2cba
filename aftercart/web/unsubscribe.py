"""How does a customer stop hearing from us? One click from the mailbox, or a page that works without script and without login."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from aftercart import links, tracking
from aftercart.model import Message
from aftercart.store import messages
from aftercart.web import asking, drawing, words
from aftercart.web.access import from_elsewhere
from aftercart.web.headers import PRIVATE


def routes() -> list[BaseRoute]:
    """/u/{token}: the page, and the click."""
    return [
        Route("/u/{token}", look, methods=["GET"]),
        Route("/u/{token}", act, methods=["POST"]),
    ]


def look(request: Request) -> Response:
    """The page. It changes nothing: mailboxes open every link before their owner does."""
    message = _message(request)
    return _page(request, "unsubscribe.html", message) if message else _gone(request)


async def act(request: Request) -> Response:
    """Unsubscribes, from one kind of messages or from all.

    A click in the mailbox (RFC 8058) is answered at once, without a page and without a redirect.
    """
    form = await asking.form(request)
    rt = asking.runtime(request)
    message = await run_in_threadpool(_message, request)
    one_click = form.get("List-Unsubscribe", "").strip().lower() == "one-click"
    if message is None:
        return _gone(request)
    if one_click:
        await run_in_threadpool(
            tracking.unsubscribe, rt, message.id, everything=False, source="one-click"
        )
        return PlainTextResponse("unsubscribed\n")
    if refusal := from_elsewhere(request):
        return refusal
    what = form.get("what", "")
    if what not in ("topic", "everything"):
        return await run_in_threadpool(_page, request, "unsubscribe.html", message)
    everything = what == "everything"
    await run_in_threadpool(
        tracking.unsubscribe, rt, message.id, everything=everything, source="page"
    )
    page = "unsubscribed.html"
    return await run_in_threadpool(_page, request, page, message, everything=everything)


def _message(request: Request) -> Message | None:
    """The message whose link this is; None for every token that is not ours and not for this purpose."""
    rt = asking.runtime(request)
    token = request.path_params["token"]
    id_ = links.read(links.UNSUBSCRIBE, token, secret=rt.settings.secret_key)
    if id_ is None:
        return None
    with rt.store.read() as tx:
        return messages.load(tx, [id_]).get(id_)


def _page(
    request: Request, name: str, message: Message, *, everything: bool = False
) -> Response:
    topic = words.TOPICS[message.purpose, message.channel]
    return drawing.public_page(
        request, name, headers=PRIVATE, topic=topic, everything=everything
    )


def _gone(request: Request) -> Response:
    """The same friendly page for old, foreign and invented links."""
    return drawing.public_page(request, "gone.html", status=404, headers=PRIVATE)
