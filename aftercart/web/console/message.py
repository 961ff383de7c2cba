"""What happened to this message, and what did the customer see?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from aftercart import sms
from aftercart.errors import TemplateError
from aftercart.handover import Rendered
from aftercart.model import Channel, State
from aftercart.rendering import Template
from aftercart.runtime import Runtime
from aftercart.store import records
from aftercart.store.records import MessagePage
from aftercart.web import asking, drawing
from aftercart.web.headers import CSP_EMAIL

_NOT_MADE = {
    State.SCHEDULED: "It is filled in when it is sent, with what is true then.",
}
#: By when providers have usually reported.
_USUAL = timedelta(hours=1)
_REPORT_COMES = "The provider sends it within minutes."
_REPORT_LATE = "None has come so far; not every network and mailbox gives one."
_NEVER_MADE = "It was never filled in, because it was not sent."


@dataclass(frozen=True)
class Coming:
    """Something that is still ahead of a message; `at` is None where only the order is known."""

    at: datetime | None
    words: str
    detail: str = ""


def page(request: Request) -> Response:
    """The story of a message.

    Raises:
        HTTPException: 404 when there is no such message.
    """
    rt, found = _found(request)
    rendered, trouble = _seen(rt, found)
    is_text = found.message.channel is Channel.SMS
    return drawing.console_page(
        request,
        "message.html",
        page=found,
        message=found.message,
        customer=found.customer,
        zone=found.customer.timezone if found.customer else "UTC",
        coming=_coming(found, rt.clock()),
        story=found.story[::-1],
        rendered=rendered,
        trouble=trouble,
        parts_of=sms.measure(rendered.text) if rendered and is_text else None,
        is_text=is_text,
        campaign=rt.campaigns.get(found.message.campaign),
    )


def seen(request: Request) -> Response:
    """The e-mail alone, for a frame: a document of its own, which may do nothing and reach nothing.

    Raises:
        HTTPException: 404 when there is no such message, or none that can be shown.
    """
    rt, found = _found(request)
    rendered, _ = _seen(rt, found)
    if rendered is None or not rendered.html:
        raise HTTPException(404, "there is no e-mail to show for this message")
    return HTMLResponse(rendered.html, headers={"content-security-policy": CSP_EMAIL})


def _found(request: Request) -> tuple[Runtime, MessagePage]:
    rt = asking.runtime(request)
    id_ = request.path_params["id"].strip().lower()
    with rt.store.read() as tx:
        found = records.message_page(tx, id_, now=rt.clock())
    if found is None:
        raise HTTPException(404, f"there is no message {id_}")
    return rt, found


def _seen(rt: Runtime, found: MessagePage) -> tuple[Rendered | None, str]:
    """What was sent, made again from what was kept; or a sentence that says why it cannot be shown."""
    if not found.sources:
        return None, _NOT_MADE.get(found.message.state, _NEVER_MADE)
    template = Template.from_sources(found.message.template, found.sources)
    try:
        return rt.renderer.render(template, found.message.channel, found.values), ""
    except TemplateError as error:
        words = str(error.problems[0])
        return None, f"It cannot be shown any more, although it was sent: {words}"


def _coming(found: MessagePage, now: datetime) -> list[Coming]:
    """What is ahead, the farthest first, so that time runs upwards over the whole line."""
    message = found.message
    if message.state is State.SCHEDULED:
        due = (
            "Goes out" if message.due_at > now else "Due; goes out with the next batch"
        )
        return [
            Coming(
                message.expires_at, "Best before", "Not sent any more after this time."
            ),
            Coming(
                message.due_at, due, "If consent, quiet hours and limits allow it then."
            ),
        ]
    if message.state is State.SENDING:
        words = "Without an answer by then it becomes uncertain, and is not sent again."
        return [Coming(found.lease_until, "The provider's answer", words)]
    if message.state is State.UNCERTAIN:
        return [
            Coming(None, "Proof", "The provider's report shows whether it took it.")
        ]
    if message.state is State.ACCEPTED and message.delivery in (
        "",
        "processed",
        "sent",
    ):
        fresh = not message.accepted_at or now - message.accepted_at < _USUAL
        words = _REPORT_COMES if fresh else _REPORT_LATE
        return [Coming(None, "Delivery report", words)]
    return []
