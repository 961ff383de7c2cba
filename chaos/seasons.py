"""What becomes of messages when clocks change with the season, and on the odd days of the calendar?

There is no published list of these here; the cases are our own, and the answer to each is found by looking at every minute of the
day, without the code that is tested.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from aftercart import moments, planning
from aftercart.store.tables import enrollments, messages
from chaos.oracle import Findings
from chaos.registry import scenario
from chaos.stage import Stage
from tests.scenes.company import MAIL, Inside, take_in
from tests.scenes.house import add_campaign, only

#: Far from each other, with clocks that change by an hour, by half of one, at other hours, to the south, and never.
ZONES = (
    "Europe/London", "Europe/Berlin", "Europe/Lisbon", "Africa/Cairo", "Asia/Beirut",
    "America/New_York", "America/Los_Angeles", "America/St_Johns", "America/Santiago",
    "Australia/Lord_Howe", "Pacific/Chatham", "Atlantic/Azores", "Asia/Kolkata",
)  # fmt: skip
_CHANGES = (date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1))
_ODD = (date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28), date(2028, 2, 29))
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_DAILY = """\
name: {name}
purpose: marketing
trigger: {{every: {every}}}
steps:
  - send: {{email: {name}}}
    expires: 2 days
"""
_HOURS = {"early": "days at 00:30", "gap": "days at 02:30", "late": "days at 23:45"}


@scenario("FT-61", "every change of the clocks in 13 zones")
def changes(stage: Stage) -> Findings:
    """Each moment is the right one, and what is sent every day is sent once on each local date."""
    cases, wrong = 0, []
    for zone in map(ZoneInfo, ZONES):
        for change in _CHANGES:
            right = _by_looking(zone, change)
            for minutes in range(0, 24 * 60, 15):
                wall = datetime.combine(change, time(minutes // 60, minutes % 60))
                cases += 1
                if moments.moment(wall, zone) != right(wall):
                    wrong.append(f"{wall} {zone}")
    stage.expect(not wrong, f"each moment is right ({len(wrong)}: {wrong[:3]})")
    told = f"{cases:,} moments, {len(wrong)} of them wrong"
    return _daily(stage, _CHANGES, told)


@scenario("FT-63", "29 February, the year's end, its 53rd week, a month's last day")
def odd_dates(stage: Stage) -> Findings:
    """What is sent every day is sent once on each of them, and what is sent on the last day of a month on that day alone."""
    return _daily(stage, _ODD, "the last day of a month among them", last="ends")


def _by_looking(zone: ZoneInfo, day: date) -> Callable[[datetime], datetime]:
    """When it is so late there, on or near this day: every minute is looked up."""
    first: dict[datetime, datetime] = {}
    start = datetime.combine(day, time(0), UTC) - timedelta(hours=30)
    shown = []
    for number in range(84 * 60):
        at = start + number * _MINUTE
        wall = at.astimezone(zone).replace(tzinfo=None, fold=0)
        first.setdefault(wall, at)
        shown.append((wall, at))

    def moment(wall: datetime) -> datetime:
        # what is skipped happens at the end of the gap
        return first.get(wall) or next(at for seen, at in shown if seen > wall)

    return moment


def _daily(
    stage: Stage, days: Sequence[date], told: str, *, last: str = ""
) -> Findings:
    """Plays the days around each in steps of a quarter of an hour, with somebody in each zone and three campaigns a day.

    The campaign `last`, where it has a name, is one of the last day of the month, which each of these days then is.
    """
    only(stage.house, [])
    hours = _HOURS | ({last: "last day of the month at 23:45"} if last else {})
    for name, every in hours.items():
        add_campaign(stage.house, name, _DAILY.format(name=name, every=every), MAIL)
    begun = datetime.combine(days[0], time(0), UTC) - 4 * _DAY
    due, found = set[tuple[str, str, str]](), 0
    with Inside(stage.house, at=begun) as inside:
        take_in(inside.rt, [person(n, zone, begun) for n, zone in enumerate(ZONES)])
        for day in days:
            inside.now = datetime.combine(day, time(0), UTC) - 3 * _DAY
            while inside.now < datetime.combine(day, time(0), UTC) + 3 * _DAY:
                planning.plan(inside.rt)
                inside.later(minutes=15)
            due |= {
                (name, f"c-{n}", (day + k * _DAY).isoformat())
                for name in hours for n in range(len(ZONES)) for k in (-1, 0, 1)
                if name != last or not k
            }  # fmt: skip
        with inside.rt.store.read() as tx:
            m, e = messages.c, enrollments.c
            entered = [
                tuple(r)
                for r in tx.execute(select(e.campaign, e.customer_id, e.occurrence))
            ]
            planned = [
                tuple(r)
                for r in tx.execute(select(m.campaign, m.customer_id, m.occurrence))
            ]
    found = len(due & set(planned))
    twice = len(planned) - len(set(planned)) + len(entered) - len(set(entered))
    stage.expect(found == len(due), f"each once on each date ({found} of {len(due)})")
    odd = {p for p in planned if p[0] == last} - due
    stage.expect(not odd, f"what is of the last day comes on no other ({sorted(odd)})")
    told = f"{told}; {len(due):,} local dates of {len(hours)} campaigns in {len(ZONES)} zones"
    return Findings(len(due), found, lost=len(due) - found, duplicate=twice, note=told)


def person(n: int, zone: str, at: datetime) -> dict[str, object]:
    """Somebody who lives there now, and agreed to everything."""
    kinds = ("email_marketing", "sms_marketing", "survey")
    told = [{"kind": kind, "source": "chaos"} for kind in kinds]
    return {
        "id": f"yes-{n}-{at.timestamp()}",
        "type": "customer.consented",
        "at": at.isoformat(),
        "customer": {
            "id": f"c-{n}", "email": f"quillonia.{n}@canary.example",
            "timezone": zone, "country": "GB", "consents": told,
        },
    }  # fmt: skip
