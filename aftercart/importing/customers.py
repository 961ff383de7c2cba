"""How does a list of customers become customers? New ones are added, known ones only filled in where we know nothing.

A field that cannot be used is left out and listed; the rest of its row is kept. Consents go on the ledger with the file's
name as their source: a file can give consent, and take back what a file gave, but it never gives back what was taken and
never overrules the customer's own answer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from aftercart import addresses, moments
from aftercart.conditions import TAG
from aftercart.errors import InputError
from aftercart.importing.columns import Wanted, match
from aftercart.importing.report import Progress, Report, Tally, silent
from aftercart.intake import month_and_day
from aftercart.model import Customer
from aftercart.reading.rows import Row, count_rows, open_table
from aftercart.runtime import Runtime
from aftercart.store import Tx, customers, permissions, tags
from aftercart.store.tags import Tagging

#: Customers in one transaction.
RUN = 1_000

#: How the source of an answer begins that came from a file.
FROM_FILE = "import "

WANTED = Wanted(
    names={
        "customer_id": ("id", "customer", "household_id"),
        "first_name": ("firstname", "given_name", "name"),
        "email": ("e_mail", "email_address", "mail"),
        "phone": ("phone_number", "mobile", "telephone"),
        "timezone": ("time_zone", "tz"),
        "country": ("country_code",),
        "locale": ("language",),
        "birthday": ("date_of_birth", "birth_date", "dob"),
        "since": ("customer_since", "joined", "created_at"),
        "tags": ("tag", "labels", "segments"),
        "email_marketing": ("accepts_email_marketing", "accepts_marketing"),
        "sms_marketing": ("accepts_sms_marketing",),
        "survey": ("surveys", "accepts_surveys"),
    },
    needs=("customer_id",),
)

_ANSWERS = dict.fromkeys(("yes", "true", "1", "y", "t"), True) | dict.fromkeys(
    ("no", "false", "0", "n", "f"), False
)


@dataclass
class _Person:
    """What one row says: the profile as it will be stored, the answers, and what could not be used."""

    row: Row
    profile: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    answers: dict[str, bool] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    unusable: tuple[str, str] | None = None


def import_customers(
    rt: Runtime,
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Report:
    """Stores the customers of a file with one row per customer.

    Raises:
        InputError: when the file cannot be read, or a column is missing.
    """
    tally = Tally(str(path))
    total = count_rows(path)
    with open_table(path) as table:
        found = match(table.columns, said=columns or {}, wanted=WANTED, file=path)
        for part in _runs(table.rows):
            people = [_read(row, found, secret=rt.settings.secret_key) for row in part]
            _store(rt, people, tally=tally, source=f"{FROM_FILE}{path.name}")
            progress(tally.read, max(total, tally.read))
    return tally.report()


def _runs(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while part := list(islice(rows, RUN)):
        yield part


def _store(rt: Runtime, people: list[_Person], *, tally: Tally, source: str) -> None:
    tally.read += len(people)
    good = []
    for person in people:
        number, line = person.row.number, person.row.line
        if person.unusable:
            tally.complain(number, line, *person.unusable, kept=False)
            tally.left_out += 1
            continue
        for column, message in person.faults:
            tally.complain(number, line, column, message, kept=True)
        good.append(person)
    now = rt.clock()
    with rt.store.write() as tx:
        known = customers.load(tx, {p.profile["id"] for p in good}, now=now)
        customers.save(tx, list(_news(good, known)), now=now)
        tags.write(
            tx,
            [
                Tagging(person.profile["id"], tag, now, source)
                for person in good
                for tag in person.tags
            ],
        )
        permissions.record(tx, _answers(tx, good, source=source, now=now))
    ids = {p.profile["id"] for p in good}
    tally.added += len(ids - known.keys())
    tally.known += len(good) - len(ids - known.keys())


def _news(
    people: Iterable[_Person], known: Mapping[str, Customer]
) -> Iterator[dict[str, str]]:
    """What the rows say that nobody said before. A file may be older than what we know, so it replaces nothing."""
    told: dict[str, set[str]] = {}
    for person in people:
        id = person.profile["id"]
        if id not in told:
            told[id] = _told(known[id]) if id in known else set()
        new = {k: v for k, v in person.profile.items() if k not in told[id]}
        told[id] |= new.keys() - {"id"}
        if id not in known or len(new) > 1:
            yield new


def _told(customer: Customer) -> set[str]:
    blank = Customer(id="")
    names = customers.PROFILE
    return {n for n in names if getattr(customer, n) != getattr(blank, n)}


def _answers(
    tx: Tx, people: Iterable[_Person], *, source: str, now: datetime
) -> list[permissions.Consent]:
    """The answers of the rows that a file may give (see the top of this page)."""
    people = list(people)
    last = permissions.latest(tx, {p.profile["id"] for p in people})
    given = []
    for person in people:
        id = person.profile["id"]
        for kind, granted in person.answers.items():
            before = last.get((id, kind))
            if before and (granted or not before.source.startswith(FROM_FILE)):
                continue
            answer = permissions.Consent(id, kind, granted, source, now)
            last[id, kind] = answer
            given.append(answer)
    return given


def _read(row: Row, found: Mapping[str, str], *, secret: str) -> _Person:
    """What a row says, checked."""
    person = _Person(row)
    if row.fault:
        person.unusable = ("", row.fault)
        return person
    said = {ours: _text(row.values.get(theirs)) for ours, theirs in found.items()}
    id, zone = said["customer_id"], said.get("timezone", "")
    if not id:
        person.unusable = ("customer_id", "is empty; every row needs one")
    elif len(id) > 200 or "\x00" in "".join(said.values()):
        person.unusable = (
            "customer_id",
            "is too long, or the row holds NUL characters",
        )
    elif zone and (fault := _fault(moments.zone, zone)):
        # on the wrong clock she would be woken at night: rather no row than a wrong one
        person.unusable = ("timezone", fault)
    else:
        _read_profile(person, said, secret=secret)
        _read_tags(person, said.get("tags", ""))
        _read_answers(person, said)
    return person


def _read_profile(person: _Person, said: Mapping[str, str], *, secret: str) -> None:
    profile = person.profile
    profile["id"] = said["customer_id"]
    country = said.get("country", "").upper()
    if country and not re.fullmatch("[A-Z]{2}", country):
        person.faults.append(("country", f'"{country}" is not two letters such as GB'))
        country = ""
    locale = said.get("locale", "")
    if locale and not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", locale):
        person.faults.append(("locale", f'"{locale}" is not a locale such as en-GB'))
        locale = ""
    forms: dict[str, Callable[[str], str]] = {
        "email": addresses.email,
        "phone": lambda text: addresses.phone(text, region=country),
    }
    for name, normal in forms.items():
        if not said.get(name):
            continue
        try:
            profile[name] = normal(said[name])
        except InputError as error:
            person.faults.append((name, str(error)))
        else:
            profile[f"{name}_key"] = addresses.key(profile[name], secret=secret)
    for name, read in (("birthday", month_and_day), ("since", _day)):
        try:
            profile[name] = read(said[name]) if said.get(name) else ""
        except ValueError:
            words = f'"{said[name]}" is not a date such as 2021-05-01'
            person.faults.append((name, words))
    plain = {"country": country, "locale": locale[:16]}
    plain |= {name: said.get(name, "") for name in ("first_name", "timezone")}
    profile.update((name, text) for name, text in plain.items() if text)


def _day(text: str) -> str:
    return date.fromisoformat(text[:10]).isoformat()


def _read_tags(person: _Person, text: str) -> None:
    """Tags that are joined by semicolons or commas; a file only puts them on."""
    for tag in filter(None, re.split(r"[;,]\s*", text.lower().strip())):
        if TAG.fullmatch(tag) and len(tag) <= 64:
            person.tags.append(tag)
        else:
            words = f'"{tag[:70]}" is not a tag such as vip'
            person.faults.append(("tags", words))


def _read_answers(person: _Person, said: Mapping[str, str]) -> None:
    for kind in permissions.KINDS:
        word = said.get(kind, "").lower()
        if word in _ANSWERS:
            person.answers[kind] = _ANSWERS[word]
        elif word:
            person.faults.append((kind, f'"{word}" is neither yes nor no'))


def _fault(check: Callable[[str], object], text: str) -> str:
    try:
        check(text)
    except InputError as error:
        return str(error)
    return ""


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
