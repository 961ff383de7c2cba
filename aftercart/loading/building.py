"""How does a campaign file that has the right shape become a campaign? With the mistakes that only the whole can show."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aftercart.campaigns import (
    Campaign,
    EventTrigger,
    Goal,
    Place,
    RunningLow,
    Send,
    Step,
    StopIf,
    Tag,
    Task,
    Trigger,
    Wait,
)
from aftercart.conditions import Condition
from aftercart.loading import examples
from aftercart.loading.bench import Bench
from aftercart.loading.documents import Path_
from aftercart.loading.schema import (
    STEPS,
    CampaignShape,
    MessageShape,
    StepShape,
)
from aftercart.loading.templates import Templates
from aftercart.loading.triggers import Triggers
from aftercart.model import Channel, Purpose

#: How long a message stays useful where the file does not say. Service messages must say it themselves.
_EXPIRES = timedelta(days=2)
_LONGEST = timedelta(days=30)
_OF_SEND = ("between", "expires", "fallback", "content")


@dataclass
class Builder(Bench):
    """Builds one campaign and collects its mistakes."""

    name: str
    shape: CampaignShape
    templates: Templates

    def build(self) -> Campaign | None:
        """The campaign, or None after its mistakes were added to `problems`."""
        before = len(self.problems)
        start = Triggers(self.document, self.shop, self.problems, self.shape.trigger)
        about, trigger = start.about(), start.build()
        audience = self.condition(
            self.shape.audience, ("audience",), frozenset({"customer"})
        )
        steps = [
            self._step(step, ("steps", number), about)
            for number, step in enumerate(self.shape.steps)
        ]
        self._check_order_of_steps(steps)
        tests = examples.build_all(
            self.document, self.shape.tests, _ways(steps), self.problems
        )
        holdout = self._holdout()
        if len(self.problems) > before or trigger is None:
            return None
        return Campaign(
            name=self.name,
            title=self.shape.name,
            purpose=Purpose(self.shape.purpose),
            trigger=trigger,
            steps=tuple(step for step in steps if step is not None),
            version=self._version(trigger, [audience, *_conditions(trigger, steps)]),
            audience=audience,
            limit=self.shape.limits,
            priority=self.shape.priority,
            opens_case=self.shape.opens_case,
            holdout=holdout,
            goal=self._goal(),
            examples=tests,
            places=self._places(),
        )

    def _step(
        self, shape: StepShape, path: Path_, about: frozenset[str]
    ) -> Step | None:
        keys = shape.model_fields_set
        if not self.one_of(path, keys, STEPS):
            return None
        if shape.send is not None:
            return self._send(shape, shape.send, path)
        for key in _OF_SEND:
            if key in keys:
                self.wrong(
                    (*path, key), f'"{key}" belongs to a step that sends', key=True
                )
        if shape.wait is not None:
            place = self.place((*path, "wait"))
            return Wait(shape.wait.days, shape.wait.span, place)
        if shape.task is not None:
            return Task(shape.task, self.place((*path, "task")))
        if tag := shape.tag or shape.untag:
            key = "tag" if shape.tag else "untag"
            return Tag(tag, shape.tag is not None, self.place((*path, key)))
        condition = self.condition(shape.stop_if, (*path, "stop_if"), about)
        place = self.place((*path, "stop_if"))
        return StopIf(condition, place) if condition else None

    def _send(
        self, shape: StepShape, message: MessageShape, path: Path_
    ) -> Send | None:
        first = self._message(message, (*path, "send"))
        other = None
        if shape.fallback is not None:
            other = self._message(shape.fallback, (*path, "fallback"))
            if first and other and first[0] is other[0]:
                words = f"the fallback goes by {other[0]} too"
                self.wrong((*path, "fallback"), words, "use the other channel")
        if shape.content and self.shop is not None and not self.shop.recipes:
            words = "there are no recipes"
            self.wrong((*path, "content"), words, "write some into shop/recipes.yaml")
        expires = self._expires(shape, path)
        if first is None:
            return None
        return Send(
            channel=first[0],
            template=first[1],
            expires=expires,
            between=shape.between,
            fallback=other,
            content=shape.content or "",
            place=self.place((*path, "send")),
        )

    def _message(self, shape: MessageShape, path: Path_) -> tuple[Channel, str] | None:
        if not self.one_of(path, shape.model_fields_set, ("email", "sms")):
            return None
        channel = Channel.EMAIL if shape.email is not None else Channel.SMS
        template = shape.email or shape.sms or ""
        lacking = self.templates.lacking(template, channel)
        if lacking:
            self.wrong((*path, channel.value), *lacking)
        return channel, template

    def _expires(self, shape: StepShape, path: Path_) -> timedelta:
        if shape.expires is None:
            if self.shape.purpose == "service":
                words = "a service message must say when it is no use any more"
                self.wrong(path, words, 'write "expires: 30 minutes" here')
            return _EXPIRES
        if shape.expires > _LONGEST:
            words = f"a message that is useful for more than {_LONGEST.days} days"
            self.wrong((*path, "expires"), words, "shorten it")
        return shape.expires

    def _check_order_of_steps(self, steps: list[Step | None]) -> None:
        if not any(
            step is None or isinstance(step, Send | Task | Tag) for step in steps
        ):
            self.wrong(("steps",), "no step sends anything", "add a send", key=True)
        elif isinstance(steps[-1], Wait | StopIf):
            path = ("steps", len(steps) - 1)
            self.wrong(path, "nothing follows this step", "add a send or delete it")

    def _holdout(self) -> float:
        share = self.shape.holdout or 0.0
        if share and self.shape.purpose == "service":
            words = "nobody may be kept from news of their own order"
            self.wrong(("holdout",), words, "delete it", key=True)
        return share

    def _goal(self) -> Goal | None:
        goal = self.shape.goal
        return Goal(goal.event, goal.within) if goal else None

    def _places(self) -> dict[str, Place]:
        """Where each key stands, by its path: "trigger.where", "steps.1.send"."""
        return {
            ".".join(map(str, path)): self.place(path)
            for path in self.document.values
            if path
        }

    def _version(self, trigger: Trigger, conditions: Sequence[Condition | None]) -> str:
        """Changes with what the campaign means, and with the staples and audiences that it names; not with comments, layout or tests."""
        staples = trigger.staples if isinstance(trigger, RunningLow) else ()
        named = [[s.category, s.name, s.lifespan.total_seconds()] for s in staples]
        meant = {k: v for k, v in self.document.data.items() if k != "tests"}
        names = sorted({pair for c in conditions if c for pair in c.names})
        content = json.dumps(
            [meant, named, *([names] if names else [])], sort_keys=True
        )
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def _conditions(
    trigger: Trigger, steps: Sequence[Step | None]
) -> Iterator[Condition | None]:
    if isinstance(trigger, EventTrigger):
        yield trigger.where
    for step in steps:
        if isinstance(step, StopIf):
            yield step.condition


def _ways(steps: Sequence[Step | None]) -> frozenset[tuple[Channel, str]]:
    """What the campaign may send, and by which channel."""
    sends = [step for step in steps if isinstance(step, Send)]
    first = {(send.channel, send.template) for send in sends}
    return frozenset(first | {send.fallback for send in sends if send.fallback})
