"""Can the conditions of a file hold, each for itself and all together? Those that never can, and those that always do, are mistakes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from aftercart import durations
from aftercart.conditions import (
    Claim,
    Condition,
    ConditionError,
    Finding,
    Tagged,
    clash,
    findings,
    parse,
)
from aftercart.errors import InputError, Problem
from aftercart.loading import phrases
from aftercart.loading.documents import Document, Path_
from aftercart.policy.entering import STILL_TOLD

_AUDIENCE: Path_ = ("audience",)
_TRIGGER: Path_ = ("trigger",)
_WHERE: Path_ = (*_TRIGGER, "where")


def check(documents: Sequence[Document]) -> Iterator[Problem]:
    """What can never hold, or always does, in these files."""
    for document in documents:
        alone = [
            _alone(document, path, finding)
            for path, condition in document.conditions.items()
            for finding in findings(condition)
        ]
        yield from alone or _together(document)


def _alone(document: Document, path: Path_, finding: Finding) -> Problem:
    if finding.always:
        said = _said(map(_opposite, finding.parts))
        one = "this" if len(finding.parts) == 1 else "one of these"
        words, hint = f"{one} always holds: {said}", "it asks nothing: delete it"
    elif len(finding.parts) == 1:
        words, hint = f"this can never hold: {_said(finding.parts)}", "change the value"
    else:
        words = f"these contradict each other: {_said(finding.parts)}"
        hint = 'change one, or write "or"'
    return _at(document, path, finding.column, words, hint)


def _together(document: Document) -> Iterator[Problem]:
    """What the start, the audience and the stops of a campaign say of each other."""
    where = document.conditions.get(_WHERE)
    audience = document.conditions.get(_AUDIENCE)
    held = [(audience, True)] if audience else []
    start = _start(document)
    at_once = [*held, (start, True)] if start else held
    for core in (clash(*held, before=where), clash(*at_once)):
        mine, others = _sides(core, 0)
        if mine and others:
            words = f"nobody gets this: {_asks(document, others)}, and so {_said(mine)} never holds"
            hint = "change one of the two"
            yield _at(document, _AUDIENCE, _column(mine), words, hint)
            return
    for path, stop in document.conditions.items():
        if path[-1] == "stop_if":
            yield from _stops(document, path, stop, held, where)
    if audience:
        yield from _tags(document, audience)


def _start(document: Document) -> Condition | None:
    """What the trigger asks for without a condition, at the moment at which it starts: so many days without an order, an answer."""
    trigger = document.data.get("trigger") if document.conditions else None
    if not isinstance(trigger, dict):
        return None
    try:
        if "inactive_for" in trigger:
            days = durations.parse(str(trigger["inactive_for"])).days
            field, last = "customer.days_since_order", days + STILL_TOLD.days
            text = f"{field} >= {days} and {field} <= {last}"
        elif isinstance(trigger.get("answer"), dict):
            answer = trigger["answer"]
            low, high = phrases.scores(str(answer.get("score")))
            field = f"score('{answer.get('survey')}')"
            text = f"{field} >= {low} and {field} <= {high}"
        else:
            return None
        return parse(text, about=frozenset({"customer"}))
    except (InputError, ConditionError):
        return None  # what is wrong with the trigger itself is said where it stands


def _stops(
    document: Document,
    path: Path_,
    stop: Condition,
    held: list[tuple[Condition, bool]],
    where: Condition | None,
) -> Iterator[Problem]:
    """A stop that is reached by nobody, or by all."""
    mine, others = _sides(clash(*held, (stop, False), before=where), len(held))
    if mine and others:
        always = _said(map(_opposite, mine))
        words = f"this always stops the campaign: {_asks(document, others)}, and so {always} always holds"
        hint = "change it, or what is asked for there"
        yield _at(document, path, _column(mine), words, hint)
        return
    mine, others = _sides(clash(*held, (stop, True), before=where), len(held))
    if mine and others:
        words = f"this never stops anybody: {_asks(document, others)}, and so {_said(mine)} never holds"
        yield _at(document, path, _column(mine), words, "delete it")


def _tags(document: Document, audience: Condition) -> Iterator[Problem]:
    """A tag that takes everybody out of the audience: the audience is looked at again just before a message goes."""
    steps = [set(step) for step in document.data["steps"]]
    for number, step in enumerate(steps):
        key = "tag" if "tag" in step else "untag"
        if key not in step:
            continue
        tag = str(document.data["steps"][number][key])
        text = f"tagged('{tag}')"
        tagged = Condition(text, root=Tagged(1, text, tag))
        core = clash((audience, True), (tagged, key == "tag"))
        near = next((s for s in reversed(steps[:number]) if s & {"wait", "send"}), ())
        if core and ("send" in near or any("send" in s for s in steps[number:])):
            words = f"this takes everybody out of the audience, which asks for {_said(_sides(core, 1)[1])}"
            hint = 'a message that has not gone by then is dropped: put it last, after a "wait: 1 day"'
            yield document.problem(("steps", number, key), words, hint)


def _sides(core: Sequence[Claim], mine: int) -> tuple[list[Claim], list[Claim]]:
    """Of what contradicts each other, the parts of the condition that is judged, and those that it is judged by."""
    # what one condition makes impossible by itself is said of that one, where it stands
    own = [claim for claim in core if claim.origin == mine]
    return own, [claim for claim in core if claim.origin != mine]


def _asks(document: Document, claims: Sequence[Claim]) -> str:
    """Who asks for what, and on which line."""
    asked = []
    for claim in claims:
        if claim.origin:
            who, path = "trigger", _WHERE if claim.origin < 0 else _TRIGGER
        else:
            who, path = "audience", _AUDIENCE
        line, _ = document.spot_in_text(path, claim.column)
        asked.append(f"the {who} (line {line}) asks for {claim}")
    return " and ".join(asked)


def _opposite(claim: Claim) -> Claim:
    return replace(claim, holds=not claim.holds)


def _said(claims: Iterator[Claim] | Sequence[Claim]) -> str:
    return " and ".join(map(str, claims))


def _column(claims: Sequence[Claim]) -> int:
    return min(claim.column for claim in claims)


def _at(document: Document, path: Path_, column: int, words: str, hint: str) -> Problem:
    line, column = document.spot_in_text(path, column)
    return Problem(document.file, line, column, words, hint)
