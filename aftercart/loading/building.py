"""How does a campaign file that has the right shape become a campaign? With the mistakes that only the whole can show."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from aftercart.campaigns import (
    Answered,
    Campaign,
    Example,
    Goal,
    Place,
    RunningLow,
    Send,
    Status,
    Step,
    Trigger,
)
from aftercart.loading import examples
from aftercart.loading.bench import Bench
from aftercart.loading.mailings import Mailings
from aftercart.loading.schema import CampaignShape
from aftercart.loading.steps import Steps
from aftercart.loading.templates import Templates
from aftercart.loading.triggers import Triggers
from aftercart.model import Channel, Purpose

#: Who changes these does not make another campaign of it: people on their way stay on it.
_WITHOUT_MEANING = ("tests", "status", "ramp")


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
        mailings = Mailings(
            self.document,
            self.shop,
            self.problems,
            self.templates,
            Purpose(self.shape.purpose),
        )
        steps = Steps(self.document, self.shop, self.problems, about, mailings).build(
            self.shape.steps
        )
        # what a broken step would send is not known, so that no test is blamed for it
        ways = _ways(steps) if len(self.problems) == before else None
        tests = self._tests(ways, trigger)
        holdout, status = self._holdout(), self._status()
        if len(self.problems) > before or trigger is None:
            return None
        campaign = Campaign(
            name=self.name,
            title=self.shape.name,
            purpose=Purpose(self.shape.purpose),
            trigger=trigger,
            steps=steps,
            version="",
            audience=audience,
            limit=self.shape.limits,
            priority=self.shape.priority,
            opens_case=self.shape.opens_case,
            holdout=holdout,
            goal=self._goal(),
            examples=tests,
            status=status,
            ramp=self.shape.ramp,
            places=self._places(),
        )
        return replace(
            campaign, version=self._version(campaign), sources=self._sources(campaign)
        )

    def _tests(
        self, ways: frozenset[tuple[Channel, str]] | None, trigger: Trigger | None
    ) -> tuple[Example, ...]:
        return examples.build_all(
            self.document,
            self.shape.tests,
            ways=ways,
            survey=self._survey(trigger),
            problems=self.problems,
        )

    def _survey(self, trigger: Trigger | None) -> str:
        """The survey that a test speaks of without a name: the one that starts the campaign, or the campaign itself."""
        if isinstance(trigger, Answered):
            return trigger.survey
        return self.name if Purpose(self.shape.purpose) is Purpose.SURVEY else ""

    def _holdout(self) -> float:
        share = self.shape.holdout or 0.0
        if share and self.shape.purpose == "service":
            words = "nobody may be kept from news of their own order"
            self.wrong(("holdout",), words, "delete it", key=True)
        return share

    def _status(self) -> Status:
        status = Status(self.shape.status)
        if self.shape.ramp and self.shape.purpose == "service":
            words = "nobody may wait for news of their own order"
            self.wrong(
                ("ramp",), words, "delete it; status: trial is possible", key=True
            )
        return status

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

    def _sources(self, campaign: Campaign) -> dict[str, str]:
        """The texts that make the same campaign again, also when the shop's files say something else by then."""
        texts = {"campaign": self.document.source}
        if self.shop and any(c.names for c in campaign.conditions):
            named = {name: c.text for name, c in self.shop.audiences.items()}
            texts["audiences"] = json.dumps(named)
        if isinstance(campaign.trigger, RunningLow):
            staples = {
                s.category: {
                    "name": s.name,
                    "lifespan": f"{s.lifespan // timedelta(minutes=1)} minutes",
                }
                for s in campaign.trigger.staples
            }
            texts["staples"] = json.dumps(staples)
        return texts

    def _version(self, campaign: Campaign) -> str:
        """Changes with what the campaign means, and with the staples and audiences that it names; not with comments, layout, tests or how live it is."""
        trigger = campaign.trigger
        staples = trigger.staples if isinstance(trigger, RunningLow) else ()
        named = [[s.category, s.name, s.lifespan.total_seconds()] for s in staples]
        data = self.document.data
        meant = {k: v for k, v in data.items() if k not in _WITHOUT_MEANING}
        names = sorted({pair for c in campaign.conditions for pair in c.names})
        content = json.dumps(
            [meant, named, *([names] if names else [])], sort_keys=True
        )
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def _ways(steps: Sequence[Step]) -> frozenset[tuple[Channel, str]]:
    """What the campaign may send, and by which channel."""
    sends = [step for step in steps if isinstance(step, Send)]
    first = {(send.channel, send.template) for send in sends}
    varied = {(send.channel, v.template) for send in sends for v in send.variants}
    others = {send.fallback for send in sends if send.fallback}
    return frozenset(first | varied | others)
