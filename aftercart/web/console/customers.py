"""Who is on the phone? A list by search, and one person's page: profile, consents, and the whole story."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from aftercart.store import permissions, records
from aftercart.web import asking, drawing, words
from aftercart.web.console import asked, story

_PEOPLE = 100


def listing(request: Request) -> Response:
    """The customers that fit a search, or the newest."""
    rt = asking.runtime(request)
    with rt.store.read() as tx:
        people = records.find_customers(
            tx, request.query_params.get("q", ""), limit=_PEOPLE
        )
    return drawing.console_page(
        request,
        "customers.html",
        people=people,
        most=_PEOPLE,
        wrong=asked.wrong(request, q=asked.anything),
    )


def page(request: Request) -> Response:
    """One person.

    Raises:
        HTTPException: 404 when there is no such customer.
    """
    rt = asking.runtime(request)
    now = rt.clock()
    with rt.store.read() as tx:
        found = records.customer_page(tx, request.path_params["id"], now=now)
    if found is None:
        raise HTTPException(404, f"there is no customer {request.path_params['id']}")
    latest = {entry["kind"]: entry for entry in reversed(found.consents)}
    return drawing.console_page(
        request,
        "customer.html",
        page=found,
        customer=found.customer,
        zone=found.customer.timezone,
        coming=story.coming(found, now),
        past=story.past(found, now),
        consents=[
            (words.CONSENTS[kind], latest.get(kind), getattr(found.customer, kind))
            for kind in permissions.KINDS
        ],
        case_words=words.CASES,
    )
