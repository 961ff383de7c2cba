"""Every order of events is tried: no customer can get a second newsletter, or a third alert. See docs/promises.md."""

from pathlib import Path

import pytest

from aftercart.model import TRANSITIONS, Purpose, State
from tests.promises.machine import Illegal, Machine, Rules, World, search

PAGE = Path(__file__).parents[2] / "docs/promises.md"
#: The worlds of each machine: a change of the rules or of the table that alters what can come about has to be meant.
WORLDS = {Purpose.MARKETING: 2190, Purpose.SURVEY: 2190, Purpose.SERVICE: 14754}
COPIES = {Purpose.MARKETING: 1, Purpose.SURVEY: 1, Purpose.SERVICE: 2}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_order_of_events_sends_more_than_is_promised(purpose: Purpose) -> None:
    machine = Machine(purpose)
    found = search(machine)

    most, way = found.worst(_copies)
    assert most == COPIES[purpose], way
    assert found.stuck() == []
    assert machine.lies == set()
    assert len(found.next) == WORLDS[purpose]
    assert f"{WORLDS[purpose]:,}" in PAGE.read_text(encoding="utf-8")


def test_every_arrow_of_the_table_is_taken_by_the_search_and_no_other() -> None:
    taken = set()
    for purpose in Purpose:
        machine = Machine(purpose)
        search(machine)
        taken |= machine.taken

    assert taken == {(a, b) for a, after in TRANSITIONS.items() for b in after}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_what_the_provider_took_is_never_sent_again_as_if_it_were_new(
    purpose: Purpose,
) -> None:
    """A message that may have arrived is only ever sent again as the one repeat of a service message."""
    found = search(Machine(purpose))

    for world in found.next:
        if world.copies and world.state is State.SENDING and not world.repeated:
            assert world.copies == 1


_BREAKS = {
    "sent before it is claimed": (Rules(claims_first=False), Purpose.MARKETING),
    "claimed whatever its state": (Rules(claim_is_guarded=False), Purpose.MARKETING),
    "repeated again and again": (Rules(repeats_once=False), Purpose.SERVICE),
    "newsletters are repeated too": (
        Rules(only_service_repeats=False),
        Purpose.MARKETING,
    ),
}


@pytest.mark.parametrize("broken", _BREAKS)
def test_the_search_sees_what_each_rule_is_for(broken: str) -> None:
    rules, purpose = _BREAKS[broken]

    most, way = search(Machine(purpose, rules)).worst(_copies)

    assert most > COPIES[purpose], way


def test_the_search_sees_what_the_fence_is_for() -> None:
    """Without it a worker that wakes up would write that a message failed while another's copy of it is on its way."""
    machine = Machine(Purpose.SERVICE, Rules(fence_is_checked=False))

    search(machine)

    assert machine.lies == {"failed, and the provider has it"}


@pytest.mark.parametrize(
    ("before", "after", "there"),
    [
        (State.UNCERTAIN, State.SCHEDULED, False),
        (State.SENDING, State.UNCERTAIN, False),
        (State.UNKNOWN, State.SCHEDULED, True),
        (State.ACCEPTED, State.SENDING, True),
    ],
)
def test_a_change_of_the_table_alone_is_seen(
    before: State, after: State, *, there: bool
) -> None:
    table = {state: set(follow) for state, follow in TRANSITIONS.items()}
    table[before] = table[before] | {after} if there else table[before] - {after}
    changed = {state: frozenset(follow) for state, follow in table.items()}

    taken = set()
    try:
        for purpose in Purpose:
            machine = Machine(purpose, table=changed)
            search(machine)
            taken |= machine.taken
    except Illegal:
        return
    assert taken != {(a, b) for a, follow in changed.items() for b in follow}


def _copies(world: World) -> int:
    return world.copies
