"""Everything that a process needs, wired once: settings, clock, store, channels, renderer, campaigns, shop.

The one place that asks what time it is.
"""

import os
import secrets
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import urlsplit

from aftercart import loading, messagelog, settings
from aftercart.campaigns import Campaign
from aftercart.channels import Pulse, Reputation, Sender, open_senders
from aftercart.errors import Problem, SettingsError
from aftercart.identity import Identity
from aftercart.model import Channel
from aftercart.pacing import Pace, open_pace
from aftercart.reasons import Reason
from aftercart.rendering import Renderer
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.skew import Skew
from aftercart.store import Store, desk, open_store, origin
from aftercart.witness import Nobody, Witness, open_witness

Clock = Callable[[], datetime]

#: The mark that holds a pushed clock; where it is set, every process on this database lives at that moment.
CLOCK_MARK = "clock"
#: The mark that holds which process stopped last because of its clock, and when that was by the right one.
CLOCK_OFF_MARK = "clock_off"
#: The mark that holds the key of a database whose owner has set none.
KEY_MARK = "secret_key"

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def wall_clock() -> datetime:
    """The real time, aware UTC."""
    return datetime.now(UTC)


class PushedClock:
    """A clock that stands still until somebody pushes it, shared by all processes on a database.

    Who pushes it knows what it says; everybody else asks the database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pushed: datetime | None = None

    def __call__(self) -> datetime:
        if self._pushed is not None:
            return self._pushed
        with self._store.read() as tx:
            return datetime.fromisoformat(desk.get_mark(tx, CLOCK_MARK))

    def push(self, to: datetime) -> None:
        """Moves the clock; never backwards."""
        with self._store.write() as tx:
            known = None if self._pushed else desk.get_mark(tx, CLOCK_MARK)
            stands = datetime.fromisoformat(known) if known else self._pushed
            to = max(to, stands) if stands else to
            desk.set_mark(tx, CLOCK_MARK, to.isoformat())
        self._pushed = to


@dataclass
class Runtime:
    """What verbs and faces are given. Make it with `open_runtime`, close it at the end of the process."""

    settings: Settings
    store: Store
    clock: Clock
    campaigns: Mapping[str, Campaign]
    shop: Shop
    renderer: Renderer
    actor: str = field(
        default_factory=lambda: f"{socket.gethostname()}/{os.getpid()}"
    )  #: who writes into a message's story
    kept_templates: set[str] = field(
        default_factory=set
    )  #: versions whose sources are known to be in the store
    kept_campaigns: dict[tuple[str, str], Campaign | Reason] = field(
        default_factory=dict
    )  #: older versions that somebody is still on, by name and version; see `keeping`
    reputation: Reputation = field(
        default_factory=Reputation
    )  #: what this process has read of operators' reports

    @cached_property
    def senders(self) -> Mapping[Channel, Sender]:
        """The channels, opened when the first message goes out: a console needs none.

        Raises:
            SettingsError: when the clock is a pushed one and a provider is not on this machine.
        """
        if isinstance(self.clock, PushedClock):
            _keep_inside(self.settings)
        return open_senders(self.settings, self.clock)

    @cached_property
    def pulses(self) -> Mapping[Channel, Pulse]:
        """What this process hears from each provider."""
        return {
            channel: Pulse(sender.at_once) for channel, sender in self.senders.items()
        }

    @cached_property
    def skew(self) -> Skew | None:
        """How far the clock of this process is off; None where it is not meant to be right."""
        if self.clock is not wall_clock:
            return None
        if self.store.dialect == "postgresql":
            return Skew(self.clock, ask=self._database_clock, whose="the database")
        if self.settings.broker_url.startswith("redis"):
            return Skew(self.clock, ask=self.witness.clock, whose="Redis")
        return Skew(self.clock)

    @cached_property
    def witness(self) -> Witness:
        """Who is told what was claimed, so that a database that goes back in time is found out."""
        identity = self.identity
        if identity is None:
            return Nobody()
        # asked at the first claim: who only reads shows no interest in what the database is
        return open_witness(self.settings.broker_url, deployment=lambda: identity.token)

    @cached_property
    def identity(self) -> Identity | None:
        """Whether the database is what it was; None where that makes no difference, as in a replay."""
        if self.clock is not wall_clock:
            return None
        name = self.settings.deployment_id
        return Identity(self.store, deployment=name, clock=self.clock)

    def off_time(self) -> str:
        """Why this process may not go by its clock; empty where it may. Written down too: another process is who is asked."""
        words = self.skew.stops() if self.skew else ""
        if self.skew and words:
            told = {
                "by": self.actor,
                "words": words,
                "at": self.skew.right().isoformat(),
            }
            with self.store.write() as tx:
                desk.set_mark(tx, CLOCK_OFF_MARK, told)
        return words

    def guard(self) -> str:
        """As `hindrance`, for who is about to claim: looks first whether the database is still the one that it was."""
        if self.identity:
            self.identity.look()
        return self.hindrance()

    def hindrance(self) -> str:
        """What keeps this process from claiming anything now; empty where nothing does."""
        off_time = self.skew.stops() if self.skew else ""
        return self.store.lacks_room() or off_time

    @cached_property
    def pace(self) -> Pace:
        """How fast each channel may go."""
        limits = {
            Channel.EMAIL: self.settings.email_per_second,
            Channel.SMS: self.settings.sms_per_second,
        }
        return open_pace(self.settings.broker_url, limits)

    def close(self) -> None:
        """Lets go of connections."""
        if "pace" in self.__dict__:
            self.pace.close()
        if "witness" in self.__dict__:
            self.witness.close()
        if "senders" in self.__dict__:
            for sender in set(self.senders.values()):
                sender.close()
        self.store.close()

    def _database_clock(self) -> datetime | None:
        with self.store.read() as tx:
            return origin.clock(tx)


def read_settings() -> Settings:
    """The settings of this process's environment.

    Raises:
        SettingsError: with every mistake in it.
    """
    return settings.read(os.environ)


def open_runtime(
    chosen: Settings, *, clock: Clock | None = None, only: Collection[str] = ()
) -> Runtime:
    """Opens the database, brings its schema up to date, and reads campaigns and shop.

    Without `clock`, the database's pushed clock rules where it has one, else the real time. With `only`, mistakes in the files of
    other campaigns are in nobody's way: those campaigns are left out.

    Raises:
        ConfigError: when a setting, a campaign or the shop's data cannot be used.
    """
    campaigns, shop = loading.load(chosen.folder / "campaigns", only=only)
    return _open(chosen, campaigns, shop, clock)


def open_desk(chosen: Settings) -> Runtime:
    """As `open_runtime`, for who holds what is planned or calls it off: with no campaign, so that no mistake in a file is in their way.

    Raises:
        SettingsError: when a setting cannot be used.
    """
    return _open(chosen, (), Shop(name=""), None)


def _open(
    chosen: Settings, campaigns: Sequence[Campaign], shop: Shop, clock: Clock | None
) -> Runtime:
    messagelog.speak_plainly()
    store = open_store(chosen.database_url)
    store.upgrade()
    return Runtime(
        settings=replace(chosen, secret_key=chosen.secret_key or _own_key(store)),
        store=store,
        clock=clock or _clock_of(store),
        campaigns={c.name: c for c in campaigns},
        shop=shop,
        renderer=Renderer(chosen.folder / "templates", locale=shop.locale),
    )


def _keep_inside(chosen: Settings) -> None:
    """A database with a pushed clock belongs to a replay or a demo: what is due in it must reach nobody."""
    ways = {
        "EMAIL": (chosen.email, {"sendgrid": "SENDGRID_BASE_URL", "smtp": "SMTP_URL"}),
        "SMS": (chosen.sms, {"twilio": "TWILIO_BASE_URL"}),
    }
    problems = [
        Problem(
            f"environment {settings.PREFIX}{name}",
            1,
            1,
            f"{provider} is set, and this database belongs to a demo or a replay: its messages must reach nobody",
            f"name another database, or a sandbox of this machine in {settings.PREFIX}{addresses[provider]}",
        )
        for name, (provider, addresses) in ways.items()
        if provider in addresses
        and urlsplit(getattr(chosen, addresses[provider].lower())).hostname
        not in _THIS_MACHINE
    ]
    if problems:
        raise SettingsError(problems)


def _own_key(store: Store) -> str:
    """The key that this database made for itself: for a shop that only looks around and has set none.

    With a real provider the settings insist on a key of the owner's.
    """
    with store.read() as tx:
        known = desk.get_mark(tx, KEY_MARK)
    if known is None:
        with store.write() as tx:
            desk.keep_mark(tx, KEY_MARK, secrets.token_urlsafe(32))
            known = desk.get_mark(tx, KEY_MARK)
    return str(known)


def _clock_of(store: Store) -> Clock:
    with store.read() as tx:
        pushed = desk.get_mark(tx, CLOCK_MARK) is not None
    return PushedClock(store) if pushed else wall_clock
