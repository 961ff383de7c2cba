"""The cast. Everybody in the tests is one of these, so that a name alone says what is special.

Ann agreed to everything. Bo unsubscribed. Cy has no telephone. Di lives in Tokyo. Eve's mailbox bounced.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aftercart import addresses
from aftercart.model import Customer
from aftercart.store import Tx, customers, permissions
from aftercart.store.permissions import KINDS, Consent, Suppression

#: Keys the suppression list in the tests.
SECRET = "a secret that is only for the tests"
#: Long before anything happens in a test.
LONG_AGO = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """A customer with what they agreed to, and why and for what their e-mail address is suppressed."""

    customer: Customer
    agreed: tuple[str, ...] = KINDS
    withdrew: tuple[str, ...] = ()
    suppressed: tuple[tuple[str, str], ...] = ()  #: scope and reason

    @property
    def id(self) -> str:
        return self.customer.id


def _person(
    name: str,
    *,
    phone: str = "",
    zone: str = "Europe/London",
    country: str = "GB",
    agreed: bool = True,
) -> Customer:
    email = f"{name.lower()}@mail.example"
    return Customer(
        id=name.lower(),
        first_name=name,
        email=email,
        phone=phone,
        email_key=addresses.key(email, secret=SECRET),
        phone_key=addresses.key(phone, secret=SECRET) if phone else "",
        timezone=zone,
        country=country,
        email_marketing=agreed,
        sms_marketing=agreed,
        survey=agreed,
    )


ANN = Person(_person("Ann", phone="+447700900101"))
BO = Person(
    _person("Bo", phone="+447700900102", agreed=False),
    withdrew=KINDS,
    suppressed=(("marketing", "unsubscribe"), ("survey", "unsubscribe")),
)
CY = Person(_person("Cy", zone="America/New_York", country="US"))
DI = Person(_person("Di", phone="+447700900104", zone="Asia/Tokyo", country="JP"))
EVE = Person(
    _person("Eve", phone="+447700900105", zone="Europe/Dublin", country="IE"),
    suppressed=(("all", "bounce"),),
)
CAST = (ANN, BO, CY, DI, EVE)


def another(name: str, like: Person = ANN) -> Person:
    """Somebody of another name and address, in all else like one of the cast."""
    email = f"{name}@mail.example"
    key = addresses.key(email, secret=SECRET)
    made = replace(
        like.customer, id=name, first_name=name.title(), email=email, email_key=key
    )
    return replace(like, customer=replace(made, phone="", phone_key=""))


def move_in(tx: Tx, *people: Person) -> None:
    """Stores people with all that they ever answered, through the store's own functions."""
    profiles = [
        {"id": p.id} | {name: getattr(p.customer, name) for name in customers.PROFILE}
        for p in people
    ]
    customers.save(tx, profiles, now=LONG_AGO)
    for person in people:
        said = [(kind, True) for kind in person.agreed]
        said += [(kind, False) for kind in person.withdrew]
        permissions.record(
            tx, [Consent(person.id, k, yes, "test", LONG_AGO) for k, yes in said]
        )
        key = person.customer.email_key
        permissions.suppress(
            tx,
            [
                Suppression(key, scope, why, "test", LONG_AGO)
                for scope, why in person.suppressed
            ],
        )
