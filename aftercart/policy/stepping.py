"""A person's enrollment is due: what happens now, and when is it due again?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aftercart import conditions
from aftercart.campaigns import (
    Branch,
    Campaign,
    Jump,
    LateDelivery,
    Send,
    Stop,
    StopIf,
    Tag,
    Task,
    Wait,
    WaitFor,
)
from aftercart.model import Enrollment, Order
from aftercart.policy import drafting, going_live, lateness, timing, waiting
from aftercart.policy.drafting import Draft, View
from aftercart.reasons import Code, Reason, because
from aftercart.shop import Shop


@dataclass(frozen=True)
class Advance:
    """Where the enrollment stands now. `ended` with no `reason`: all steps are done."""

    step: int
    due_at: datetime
    drafts: tuple[Draft, ...] = ()
    tasks: tuple[tuple[int, str], ...] = ()  #: for support: of which step, and what
    tags: tuple[tuple[str, bool], ...] = ()  #: put on or, if false, taken off, in order
    ended: bool = False
    reason: Reason | None = None
    facts: Mapping[str, Any] | None = (
        None  #: what is known from now on; None: as before
    )
    awaits: str = ""  #: the type of event that makes it due before `due_at`

    def moves(self, enrollment: Enrollment) -> Enrollment:
        """The enrollment as it stands now."""
        facts = enrollment.facts if self.facts is None else self.facts
        return replace(enrollment, step=self.step, due_at=self.due_at, facts=facts)


def advance(
    enrollment: Enrollment, *, campaign: Campaign, shop: Shop, view: View, now: datetime
) -> Advance:
    """Takes every step that is due. Waits count from the moment the step before was due, so a late tick shifts nothing."""
    if isinstance(campaign.trigger, LateDelivery) and view.order:
        verdict = _lateness(enrollment, campaign.trigger, view.order, view, now)
        step, base = enrollment.step, enrollment.due_at
        if isinstance(verdict, Reason):
            return Advance(step, base, ended=True, reason=verdict)
        if isinstance(verdict, lateness.NotYet):
            return Advance(step, verdict.at)
        told = {"told": verdict.time.isoformat() if verdict.time else ""}
        enrollment = replace(enrollment, facts={**enrollment.facts, **told})
    return _Way(enrollment, campaign, shop, view, now).go()


def _tagged(view: View, step: Tag) -> View:
    """The same person with the tag, or without: the steps that follow see it."""
    tags = view.customer.tags - {step.name}
    tags |= {step.name} if step.on else set()
    return replace(view, customer=replace(view.customer, tags=tags))


def _lateness(
    e: Enrollment, trigger: LateDelivery, order: Order, view: View, now: datetime
) -> lateness.Late | lateness.NotYet | Reason:
    by_promise = not e.facts.get("eta")
    return lateness.judge(
        order, trigger=trigger, by_promise=by_promise, told=view.told, now=now
    )


class _Way:
    """One person on the way, from the step that is due to the first one that is not."""

    def __init__(
        self, e: Enrollment, campaign: Campaign, shop: Shop, view: View, now: datetime
    ) -> None:
        self.e, self.campaign, self.shop, self.view, self.now = (
            e, campaign, shop, view, now,
        )  # fmt: skip
        self.step, self.base = e.step, e.due_at
        self.drafts: list[Draft] = []
        self.tasks: list[tuple[int, str]] = []
        self.tags: list[tuple[str, bool]] = []

    def go(self) -> Advance:
        while self.step < len(self.campaign.steps):
            if (rest := self._take()) is not None:
                return rest
        return self._here(ended=True)

    def _here(
        self,
        *,
        ended: bool = False,
        reason: Reason | None = None,
        due_at: datetime | None = None,
        facts: Mapping[str, Any] | None = None,
        awaits: str = "",
    ) -> Advance:
        return Advance(
            self.step,
            due_at or self.base,
            tuple(self.drafts),
            tuple(self.tasks),
            tuple(self.tags),
            ended,
            reason,
            facts,
            awaits,
        )

    def _take(self) -> Advance | None:
        """Takes the step that is due; answers where the way rests or ends, None where it goes on at once."""
        match self.campaign.steps[self.step]:
            case Wait() as wait:
                self.base = timing.after_wait(
                    self.campaign, self.step, wait, self.view.customer, self.base
                )
                self.step += 1
                return self._here() if self.base > self.now else None
            case WaitFor() as wait:
                return self._wait_for(wait)
            case Branch() as branch:
                return self._choose(branch)
            case Jump(to=to):
                self.step = to
            case Stop(words=words):
                why = because(Code.STOPPED, words=words or "its file says stop")
                return self._here(ended=True, reason=why)
            case StopIf():
                # judged with the send that follows it, so that the log shows the message that was not sent
                self.step += 1
            case Task() | Tag() as act:
                return self._act(act)
            case Send() as send:
                return self._send(send)
        return None

    def _wait_for(self, wait: WaitFor) -> Advance | None:
        begun = waiting.begun(self.e, self.campaign)
        if begun is None or self.e.step != self.step:
            # here it rests, also where the time is over by now: what happened meanwhile is asked first
            facts = waiting.begin(wait, self.step, since=self.base)
            return self._here(
                due_at=self.base + wait.within,
                facts={**self.e.facts, **facts},
                awaits=wait.event,
            )
        if not begun.met and self.now < begun.until:
            return self._here(due_at=begun.until, awaits=wait.event)
        self.base = begun.met or begun.until
        self.step = self.step + 1 if begun.met else wait.otherwise
        return None

    def _choose(self, branch: Branch) -> Advance | None:
        if self.base > self.now:
            # it is reached when the message before it goes, and not when that is planned
            return self._here()
        scope = drafting.scope_of(self.e, self.view, self.now)
        holds = conditions.predicate(branch.condition)(scope)
        self.step = self.step + 1 if holds else branch.otherwise
        return None

    def _act(self, act: Task | Tag) -> Advance | None:
        if self.base > self.now:
            # it follows a message that goes later, and so does this
            return self._here()
        closed = going_live.closed(
            self.campaign, self.view.customer, trial=self.shop.trial
        )
        over = closed or drafting.over(self.e, self.campaign, act, self.view, self.now)
        if over:
            return self._here(ended=True, reason=over.reason)
        if isinstance(act, Task):
            self.tasks.append((self.step, act.words))
        else:
            self.tags.append((act.name, act.on))
            self.view = _tagged(self.view, act)
        self.step += 1
        return None

    def _send(self, send: Send) -> Advance | None:
        made = drafting.draft(
            self.e,
            self.campaign,
            send,
            self.shop,
            self.view,
            base=self.base,
            now=self.now,
        )
        self.drafts.append(made)
        if _ends(made):
            return self._here(ended=True, reason=made.message.reason)
        # what follows counts from when the message goes, not from the night before its hours
        self.base = made.message.due_at
        self.step += 1
        return None


#: Why a message was not sent that says something about the whole way, and not only about this step's channel or turn.
_ENDING = (
    Code.ORDER_REFUNDED,
    Code.ORDER_CANCELLED,
    Code.STOP_CONDITION,
    Code.NOT_IN_AUDIENCE,
    Code.REORDERED,
    Code.ARRIVED,
    Code.CAME_BACK,
    Code.HOLDOUT,
    Code.DRAFT,
    Code.NOT_ON_TRIAL,
)


def _ends(draft: Draft) -> bool:
    """Whether the reason for not sending one step ends the whole way: only what started it, or a condition, does."""
    reason = draft.message.reason
    return reason is not None and reason.code in _ENDING
