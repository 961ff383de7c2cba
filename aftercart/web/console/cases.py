"""Whom should somebody call? The list of open cases, and the button that says: done."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aftercart.runtime import Runtime
from aftercart.store import desk, records
from aftercart.web import asking, drawing, words
from aftercart.web.console import asked


def page(request: Request) -> Response:
    """Open cases, or all of them."""
    rt = asking.runtime(request)
    show_all = request.query_params.get("show") == "all"
    with rt.store.read() as tx:
        found = records.cases(tx, open_only=not show_all)
    return drawing.console_page(
        request,
        "cases.html",
        cases=found,
        show_all=show_all,
        case_words=words.CASES,
        wrong=asked.wrong(request, show=asked.one_of("choice", ["all"])),
    )


async def close(request: Request) -> Response:
    """Closes a case; closing it twice keeps the first time."""
    rt, case = asking.runtime(request), request.path_params["id"]
    await run_in_threadpool(_close, rt, case)
    return RedirectResponse("/console/cases", 303)


def _close(rt: Runtime, case: str) -> None:
    with rt.store.write() as tx:
        desk.close_case(tx, case, at=rt.clock())
