"""How does a file of events become facts? Each row is read as an event that was posted, and told once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import orjson

from aftercart import intake
from aftercart.errors import InputError
from aftercart.importing.report import Progress, Report, Tally, silent
from aftercart.model import Event
from aftercart.reading.rows import Row, count_rows, open_table
from aftercart.spelling import did_you_mean

#: Columns of a flat file that have a place inside of an event.
PLACES = {"customer_id": "customer.id", "order_id": "order.id"}


class Taken(Protocol):
    """How many events were new, and how many had been told before."""

    @property
    def new(self) -> int: ...
    @property
    def known(self) -> int: ...


def import_events(
    path: Path,
    *,
    take_in: Callable[[Sequence[Event]], Taken],
    columns: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Report:
    """Tells the events of a file to `take_in` (`enrolling.take_in` with its runtime), in batches, in the order of the file.

    Raises:
        InputError: when the file cannot be read, or a column that was named is missing.
    """
    tally = Tally(str(path))
    total = count_rows(path)
    with open_table(path) as table:
        places = _places(table.columns, columns or {}, file=path)
        for part in _runs(table.rows):
            events = [e for row in part if (e := _event(row, places, tally))]
            if events:
                taken = take_in(events)
                tally.added += taken.new
                tally.known += taken.known
            progress(tally.read, max(total, tally.read))
    return tally.report()


def _runs(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while part := list(islice(rows, intake.BATCH)):
        yield part


def _places(
    theirs: Sequence[str], said: Mapping[str, str], *, file: Path
) -> dict[str, str]:
    """For each column of the file its path in an event."""
    wrong = [
        f'{file}: has no column "{name}"; {did_you_mean(name, theirs)}'
        for name in said.values()
        if name not in theirs
    ]
    if wrong:
        raise InputError("\n".join(wrong))
    places = {name: PLACES.get(name, name) for name in theirs if name}
    return places | {name: PLACES.get(ours, ours) for ours, name in said.items()}


def _event(row: Row, places: Mapping[str, str], tally: Tally) -> Event | None:
    tally.read += 1
    if row.fault:
        tally.complain(row.number, row.line, "", row.fault, kept=False)
        tally.left_out += 1
        return None
    found = intake.read_event(_nested(row.values, places))
    if isinstance(found, Event):
        return found
    for mistake in found:
        tally.complain(row.number, row.line, mistake.path, mistake.message, kept=False)
    tally.left_out += 1
    return None


def _nested(values: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    """A flat row as an event: `customer.email` goes into the customer, JSON text becomes what it says, empty is not said."""
    event: dict[str, Any] = {}
    for name, value in values.items():
        path = places.get(name) or PLACES.get(name, name)
        if value is None or value == "":
            continue
        if path in ("order.items", "customer.consents", "data", "customer", "order"):
            value = _structure(value)
        *above, last = path.split(".")
        inside = event
        for step in above:
            inside = inside.setdefault(step, {})
            if not isinstance(inside, dict):
                break
        else:
            inside[last] = value
    return event


def _structure(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value  # refused with its path by the form
    return value
