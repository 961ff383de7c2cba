"""What does a customer answer? A number in the e-mail opens a page with it filled in; only the button there is an answer."""

from datetime import timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from aftercart import links, tracking
from aftercart.errors import InputError
from aftercart.tracking import Survey
from aftercart.web import asking, drawing
from aftercart.web.access import from_elsewhere
from aftercart.web.headers import PRIVATE

#: How long after it was planned a survey can be answered for the first time.
OPEN = timedelta(days=60)
LONGEST = 2000


def routes() -> list[BaseRoute]:
    """/s/{token}: the page, and the answer."""
    return [
        Route("/s/{token}", look, methods=["GET"]),
        Route("/s/{token}", answer, methods=["POST"]),
    ]


def look(request: Request) -> Response:
    """The page, with the number that was clicked. It stores nothing: mailboxes open every link."""
    survey = _survey(request)
    if survey is None:
        return _gone(request)
    clicked = _score(request.query_params.get("score", ""))
    score = survey.score if clicked is None else clicked
    return _ask(request, score=score, comment=survey.comment)


async def answer(request: Request) -> Response:
    """Stores the answer, or the change of mind."""
    if refusal := from_elsewhere(request):
        return refusal
    form = await asking.form(request)
    survey = await run_in_threadpool(_survey, request)
    if survey is None:
        return _gone(request)
    score = _score(form.get("score", ""))
    # browsers send line ends as two characters but count them as one
    comment = form.get("comment", "").replace("\r\n", "\n").replace("\x00", "").strip()
    if score is None:
        missing = "Please choose a number from 0 to 10."
        return _ask(request, score=None, comment=comment, missing=missing)
    if len(comment) > LONGEST:
        missing = f"That is {len(comment):,} characters; please keep it to {LONGEST:,}."
        return _ask(request, score=score, comment=comment, missing=missing)
    rt = asking.runtime(request)
    try:
        await run_in_threadpool(
            tracking.answer, rt, survey.message.id, score=score, comment=comment
        )
    except InputError:  # it closed between the question and the answer
        return _gone(request)
    again = f"/s/{request.path_params['token']}"
    return drawing.public_page(
        request, "thanks.html", headers=PRIVATE, score=score, again=again
    )


def _survey(request: Request) -> Survey | None:
    """The survey whose link this is, while it can be answered; None for all else."""
    rt = asking.runtime(request)
    token = request.path_params["token"]
    id_ = links.read(links.SURVEY, token, secret=rt.settings.secret_key)
    found = tracking.survey(rt, id_) if id_ is not None else None
    if found is None or not found.open:
        return None
    is_late = rt.clock() >= found.message.created_at + OPEN
    return None if is_late and found.score is None else found


def _ask(
    request: Request, *, score: int | None, comment: str, missing: str = ""
) -> Response:
    return drawing.public_page(
        request,
        "survey.html",
        status=422 if missing else 200,
        headers=PRIVATE,
        score=score,
        comment=comment,
        missing=missing,
        longest=LONGEST,
    )


def _score(text: str) -> int | None:
    """0 to 10, or None; `isdigit` alone would let ² and ٣ through."""
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        return None
    return int(text) if int(text) <= 10 else None


def _gone(request: Request) -> Response:
    """The same friendly page for old, foreign and invented links."""
    return drawing.public_page(request, "gone.html", status=404, headers=PRIVATE)
