"""What runs, how does it go, and how is it held? The campaigns with their counts, and the switches."""

from collections import Counter
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aftercart.model import Channel, State
from aftercart.runtime import Runtime
from aftercart.store import pauses, records
from aftercart.store.pauses import ENDING, Pause, provider_scope
from aftercart.web import asking, drawing, words
from aftercart.web.console import asked
from aftercart.web.console.log import SPANS, since, when

_TOP = 4
_SWITCHES = [
    ("all", "Everything"),
    *((f"channel:{c}", f"All {words.CHANNELS[c]}s") for c in Channel),
]
#: What Aftercart holds by itself.
_OUT = [
    *((provider_scope(c), f"The provider of {words.CHANNELS[c]}s") for c in Channel),
]


@dataclass
class Tally:
    """One campaign's line."""

    name: str
    title: str = ""
    purpose: str = ""
    trigger: str = ""
    is_there: bool = False
    paused: Pause | None = None
    states: Counter[State] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def not_sent(self) -> int:
        return sum(
            self.states[s] for s in (State.SKIPPED, State.EXPIRED, State.CANCELLED)
        )

    @property
    def trouble(self) -> int:
        return sum(
            self.states[s] for s in (State.FAILED, State.UNCERTAIN, State.UNKNOWN)
        )

    @property
    def top_reasons(self) -> list[tuple[str, int]]:
        return self.reasons.most_common(_TOP)


def page(request: Request) -> Response:
    """All campaigns: those in the folder, and those that only the log remembers."""
    rt = asking.runtime(request)
    now = rt.clock()
    given = request.query_params.get("since", "").strip()
    span = given if given and not when(given) else "30d"
    with rt.store.read() as tx:
        counts = records.counts(tx, since=since(span, now))
        paused = pauses.paused(tx)
    tallies = {name: _described(rt, name) for name in rt.campaigns}
    for count in counts:
        tally = tallies.setdefault(count.campaign, Tally(count.campaign))
        tally.states[count.state] += count.n
        if count.reason and count.state is not State.ACCEPTED:
            tally.reasons[words.in_short(count.reason)] += count.n
    for name, tally in tallies.items():
        tally.paused = paused.get(f"campaign:{name}")
    return drawing.console_page(
        request,
        "campaigns.html",
        tallies=sorted(tallies.values(), key=lambda t: (not t.is_there, t.name)),
        switches=[(scope, name, paused.get(scope)) for scope, name in _SWITCHES],
        out=[(scope, name, paused[scope]) for scope, name in _OUT if scope in paused]
        + [(s, _named(s), held) for s, held in paused.items() if s.startswith(ENDING)],
        spans=SPANS,
        wrong=asked.wrong(request, since=when),
        query={"since": span},
    )


async def pause(request: Request) -> Response:
    """Holds a campaign, a channel or everything; a message that a provider already has cannot be called back."""
    rt, scope = asking.runtime(request), await _scope(request)
    await run_in_threadpool(_pause, rt, scope)
    return RedirectResponse("/console/campaigns", 303)


async def resume(request: Request) -> Response:
    """Lets it go on."""
    rt, scope = asking.runtime(request), await _scope(request)
    await run_in_threadpool(_resume, rt, scope)
    return RedirectResponse("/console/campaigns", 303)


async def _scope(request: Request) -> str:
    scope = (await asking.form(request)).get("scope", "")
    what = scope.removeprefix(ENDING)
    kind, _, name = what.partition(":")
    is_channel = kind in ("channel", "provider") and name in set(Channel)
    is_campaign = kind == "campaign" and bool(name)
    if what != "all" and not is_channel and not is_campaign:
        raise HTTPException(400, f"{scope!r} is nothing that can be held")
    return scope


def _named(scope: str) -> str:
    """Of what is being called off: "Everything", or the campaign's name."""
    kind, _, name = scope.removeprefix(ENDING).partition(":")
    return f"Campaign {name}" if kind == "campaign" else "Everything"


def _pause(rt: Runtime, scope: str) -> None:
    with rt.store.write() as tx:
        pauses.pause(tx, scope, at=rt.clock(), by="console")


def _resume(rt: Runtime, scope: str) -> None:
    with rt.store.write() as tx:
        pauses.resume(tx, scope, now=rt.clock())


def _described(rt: Runtime, name: str) -> Tally:
    campaign = rt.campaigns[name]
    return Tally(
        name=name,
        title=campaign.title,
        purpose=campaign.purpose.value,
        trigger=words.trigger(campaign),
        is_there=True,
    )
