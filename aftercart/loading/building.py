"""How does a campaign file that has the right shape become a campaign? With the mistakes that only the whole can show."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aftercart.campaigns import (
    Campaign,
    EventTrigger,
    LateDelivery,
    Place,
    RunningLow,
    Send,
    Staple,
    Step,
    StopIf,
    Trigger,
    Wait,
)
from aftercart.conditions import Condition, Ordered, nodes
from aftercart.errors import Problem
from aftercart.loading import examples, wording
from aftercart.loading.documents import Document, Path_
from aftercart.loading.schema import CampaignShape, MessageShape, StepShape
from aftercart.loading.templates import Templates
from aftercart.model import Channel, Purpose
from aftercart.shop import Shop
from aftercart.spelling import did_you_mean

#: How long a message stays useful where the file does not say. Service messages must say it themselves.
_EXPIRES = timedelta(days=2)
_LONGEST = timedelta(days=30)
_TRIGGERS = ("event", "every", "running_low", "late_delivery")
_STEPS = ("wait", "stop_if", "send")
_OF_SEND = ("between", "expires", "fallback", "content")
#: Events that are about a person or a page, never about an order.
_WITHOUT_ORDER = ("customer", "referral", "article")


@dataclass
class Builder:
    """Builds one campaign and collects its mistakes. `shop` is None where the shop's own files have mistakes."""

    name: str
    document: Document
    shape: CampaignShape
    shop: Shop | None
    templates: Templates
    problems: list[Problem]

    def build(self) -> Campaign | None:
        """The campaign, or None after its mistakes were added to `problems`."""
        before = len(self.problems)
        about = self._about()
        trigger = self._trigger(about)
        audience = self._condition(
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
        if len(self.problems) > before or trigger is None:
            return None
        return Campaign(
            name=self.name,
            title=self.shape.name,
            purpose=Purpose(self.shape.purpose),
            trigger=trigger,
            steps=tuple(step for step in steps if step is not None),
            version=self._version(trigger),
            audience=audience,
            limit=self.shape.limits,
            priority=self.shape.priority,
            opens_case=self.shape.opens_case,
            examples=tests,
            places=self._places(),
        )

    def wrong(
        self, path: Path_, message: str, hint: str = "", *, key: bool = False
    ) -> None:
        self.problems.append(self.document.problem(path, message, hint, key=key))

    def _about(self) -> frozenset[str]:
        """What the conditions of this campaign can see."""
        event = self.shape.trigger.event
        if event is not None and event.partition(".")[0] in _WITHOUT_ORDER:
            return frozenset({"customer"})
        if event is None and self.shape.trigger.late_delivery is None:
            return frozenset({"customer"})
        return frozenset({"customer", "order"})

    def _trigger(self, about: frozenset[str]) -> Trigger | None:
        shape, path = self.shape.trigger, ("trigger",)
        if not self._one_of(path, shape.model_fields_set, _TRIGGERS):
            return None
        if shape.where is not None and shape.event is None:
            self.wrong(
                (*path, "where"),
                'only an "event" can have a "where"',
                "use audience",
                key=True,
            )
            return None
        if shape.event is not None:
            where = self._condition(shape.where, (*path, "where"), about)
            self._check_since(where, (*path, "where"))
            return EventTrigger(shape.event, where)
        if shape.running_low is not None:
            low = shape.running_low
            staples = self._staples(low.staples, (*path, "running_low", "staples"))
            return RunningLow(staples, low.at, low.after, low.together)
        if shape.late_delivery is not None:
            late = shape.late_delivery
            return LateDelivery(late.by, late.confirmed_for, late.worse_by)
        return shape.every

    def _check_since(self, where: Condition | None, path: Path_) -> None:
        for node in nodes.walk(where.root) if where else ():
            if isinstance(node, Ordered) and node.since_trigger:
                line, column = self.document.spot_in_text(path, node.column)
                words = "nothing can be ordered since the trigger while it is judged"
                hint = "move it to a stop_if, or use within='30 days'"
                self.problems.append(
                    Problem(self.document.file, line, column, words, hint)
                )

    def _staples(self, wanted: tuple[str, ...], path: Path_) -> tuple[Staple, ...]:
        if self.shop is None:
            return ()
        known = {staple.category: staple for staple in self.shop.staples}
        if not known:
            self.wrong(
                path, "there are no staples", "write some into shop/staples.yaml"
            )
        for number, name in enumerate(wanted):
            if known and name not in known:
                words = f'there is no staple "{name}" in shop/staples.yaml'
                self.wrong((*path, number), words, did_you_mean(name, known))
        return tuple(known[name] for name in wanted or known if name in known)

    def _step(
        self, shape: StepShape, path: Path_, about: frozenset[str]
    ) -> Step | None:
        keys = shape.model_fields_set
        if not self._one_of(path, keys, _STEPS):
            return None
        if shape.send is not None:
            return self._send(shape, shape.send, path)
        for key in _OF_SEND:
            if key in keys:
                self.wrong(
                    (*path, key), f'"{key}" belongs to a step that sends', key=True
                )
        if shape.wait is not None:
            place = self._place((*path, "wait"))
            return Wait(shape.wait.days, shape.wait.span, place)
        condition = self._condition(shape.stop_if, (*path, "stop_if"), about)
        place = self._place((*path, "stop_if"))
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
            place=self._place((*path, "send")),
        )

    def _message(self, shape: MessageShape, path: Path_) -> tuple[Channel, str] | None:
        if not self._one_of(path, shape.model_fields_set, ("email", "sms")):
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
        if not any(step is None or isinstance(step, Send) for step in steps):
            self.wrong(("steps",), "no step sends anything", "add a send", key=True)
        elif isinstance(steps[-1], Wait | StopIf):
            path = ("steps", len(steps) - 1)
            self.wrong(path, "nothing follows this step", "add a send or delete it")

    def _one_of(self, path: Path_, keys: set[str], choice: tuple[str, ...]) -> bool:
        """Whether exactly one of these keys is there, and with a value."""
        found = [key for key in choice if key in keys]
        data = self.document.data
        for step in path:
            data = data[step]
        if len(found) != 1:
            words = f"one of {', '.join(choice)} is needed here"
            hint = f"{', '.join(found)} are there" if found else "none is there"
            self.wrong(path, words, hint, key=True)
        elif data[found[0]] is None:
            self.wrong(
                (*path, found[0]), f'nothing stands after "{found[0]}:"', key=True
            )
            return False
        return len(found) == 1

    def _condition(
        self, text: str | None, path: Path_, about: frozenset[str]
    ) -> Condition | None:
        if text is None:
            return None
        found = wording.read(
            self.document, text, path, about=about, problems=self.problems
        )
        if found and self.shop:
            known = self.shop.categories
            self.problems += wording.slips(self.document, found, path, known=known)
        return found

    def _place(self, path: Path_) -> Place:
        return Place(self.document.file, *self.document.spot(path, key=True))

    def _places(self) -> dict[str, Place]:
        """Where each key stands, by its path: "trigger.where", "steps.1.send"."""
        return {
            ".".join(map(str, path)): self._place(path)
            for path in self.document.values
            if path
        }

    def _version(self, trigger: Trigger) -> str:
        """Changes with what the campaign means, and with the staples that it names; not with comments, layout or tests."""
        staples = trigger.staples if isinstance(trigger, RunningLow) else ()
        named = [[s.category, s.name, s.lifespan.total_seconds()] for s in staples]
        meant = {k: v for k, v in self.document.data.items() if k != "tests"}
        content = json.dumps([meant, named], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def _ways(steps: Sequence[Step | None]) -> frozenset[tuple[Channel, str]]:
    """What the campaign may send, and by which channel."""
    sends = [step for step in steps if isinstance(step, Send)]
    first = {(send.channel, send.template) for send in sends}
    return frozenset(first | {send.fallback for send in sends if send.fallback})
