"""What starts a campaign? The trigger as its file says it, with the mistakes that only the whole can show."""

from dataclasses import dataclass
from datetime import time

from aftercart.campaigns import (
    Anniversary,
    Answered,
    EventTrigger,
    Inactive,
    LateDelivery,
    RunningLow,
    Staple,
    Trigger,
)
from aftercart.conditions import Aggregate, Condition, Ordered, nodes
from aftercart.errors import Problem
from aftercart.loading.bench import Bench
from aftercart.loading.documents import Path_
from aftercart.loading.schema import TRIGGERS, TriggerShape
from aftercart.spelling import did_you_mean

#: When the calendar's triggers start where the file does not say.
_MORNING = time(10)
_HALF_A_YEAR = 180
#: Keys of a trigger that belong to some of them only.
_BESIDE = {
    "at": ("date", "inactive_for"),
    "before": ("date",),
    "after": ("date",),
}
#: Events that are about a person or a page, never about an order.
_WITHOUT_ORDER = ("customer", "referral", "article")


def seen_by(event: str) -> frozenset[str]:
    """What a condition on an event of this type can see."""
    about_order = event.partition(".")[0] not in _WITHOUT_ORDER
    return frozenset({"customer", "order"} if about_order else {"customer"})


@dataclass
class Triggers(Bench):
    """Builds the trigger of one campaign."""

    shape: TriggerShape

    def about(self) -> frozenset[str]:
        """What the conditions of this campaign can see."""
        event = self.shape.event
        if event is not None:
            return seen_by(event)
        if self.shape.late_delivery is None:
            return frozenset({"customer"})
        return frozenset({"customer", "order"})

    def build(self) -> Trigger | None:
        shape, path = self.shape, ("trigger",)
        if not self.one_of(path, shape.model_fields_set, TRIGGERS):
            return None
        if shape.where is not None and shape.event is None:
            self.wrong(
                (*path, "where"),
                'only an "event" can have a "where"',
                "use audience",
                key=True,
            )
            return None
        if not self._check_extras(shape, path):
            return None
        if shape.event is not None:
            where = self.condition(shape.where, (*path, "where"), self.about())
            self._check_since(where, (*path, "where"))
            return EventTrigger(shape.event, where)
        if shape.running_low is not None:
            low = shape.running_low
            staples = self._staples(low.staples, (*path, "running_low", "staples"))
            return RunningLow(staples, low.at, low.after, low.together)
        if shape.late_delivery is not None:
            late = shape.late_delivery
            return LateDelivery(late.by, late.confirmed_for, late.worse_by)
        if shape.answer is not None:
            return Answered(shape.answer.survey, *shape.answer.score)
        if shape.date is not None or shape.inactive_for is not None:
            return self._day(shape, path)
        return shape.every

    def _day(self, shape: TriggerShape, path: Path_) -> Anniversary | Inactive | None:
        """A trigger that the calendar of the customer starts."""
        at = shape.at or _MORNING
        for key in ("inactive_for", "before", "after"):
            length = getattr(shape, key)
            if length is not None and (not length.days or length.seconds):
                self.wrong((*path, key), "whole days are needed here", 'write "3 days"')
                return None
        if shape.inactive_for is not None:
            return Inactive(shape.inactive_for.days, at)
        if shape.before is not None and shape.after is not None:
            self.wrong(
                (*path, "after"), "before and after cannot both be meant", key=True
            )
            return None
        days = shape.after.days if shape.after else 0
        days -= shape.before.days if shape.before else 0
        if abs(days) > _HALF_A_YEAR:
            words = f"more than {_HALF_A_YEAR} days from it"
            self.wrong((*path, "after" if days > 0 else "before"), words, "shorten it")
        return Anniversary((shape.date or "").partition(".")[2], at, days)

    def _check_extras(self, shape: TriggerShape, path: Path_) -> bool:
        """Whether keys that belong to one trigger stand beside it."""
        for key, owners in _BESIDE.items():
            if key in shape.model_fields_set and not any(
                getattr(shape, owner) is not None for owner in owners
            ):
                words = f'"{key}" belongs to {" and ".join(owners)}'
                self.wrong((*path, key), words, "delete it", key=True)
                return False
        return True

    def _check_since(self, where: Condition | None, path: Path_) -> None:
        for node in nodes.walk(where.root, into_names=False) if where else ():
            if isinstance(node, Ordered | Aggregate) and node.since_trigger:
                line, column = self.document.spot_in_text(path, node.column)
                what = "be ordered" if isinstance(node, Ordered) else "have happened"
                words = f"nothing can {what} since the trigger while it is judged"
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
