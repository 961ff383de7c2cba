"""Which version of a campaign is somebody on? The one that they entered with, kept since then.

The version that is in the file now is in memory. An older one is made again of the texts that were kept when the first person
entered with it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from aftercart import loading
from aftercart.campaigns import Campaign
from aftercart.errors import CampaignError
from aftercart.model import Enrollment
from aftercart.reasons import Code, Reason, because
from aftercart.runtime import Runtime
from aftercart.shop import Shop
from aftercart.store import Tx, enrollments, versions

#: The name of a campaign and its version.
Key = tuple[str, str]
#: What each of them is: a campaign, or the reason why nobody can go on with it.
Versions = Mapping[Key, Campaign | Reason]


def enroll(
    tx: Tx, rt: Runtime, new: Sequence[Enrollment], *, now: datetime
) -> set[str]:
    """Enrolls people who are not yet enrolled for that occurrence, and keeps what they enter with; answers the new ids."""
    if not new:
        return set()
    entered = {(e.campaign, e.version) for e in new}
    # every time: who remembers that it was kept may remember a transaction that came to nothing
    versions.keep_campaigns(
        tx,
        {
            (c.name, c.version): c.sources
            for c in rt.campaigns.values()
            if c.sources and (c.name, c.version) in entered
        },
        now=now,
    )
    return enrollments.add(tx, new)


def of(tx: Tx, rt: Runtime, wanted: Collection[Key]) -> Versions:
    """Each version that is wanted, in one query for those that this process has not met yet."""
    return made(tx, wanted, rt.campaigns, rt.shop, remembered=rt.kept_campaigns)


def made(
    tx: Tx,
    wanted: Collection[Key],
    there: Mapping[str, Campaign],
    shop: Shop,
    *,
    remembered: dict[Key, Campaign | Reason],
) -> Versions:
    """As `of`, where these campaigns are the ones that are there; what is made is remembered."""
    found: dict[Key, Campaign | Reason] = {}
    older: list[Key] = []
    for key in wanted:
        now = there.get(key[0])
        if now is None:
            found[key] = because(Code.CAMPAIGN_GONE, campaign=key[0])
        elif now.version == key[1]:
            found[key] = now
        elif key in remembered:
            found[key] = _as_live_as(remembered[key], now)
        else:
            older.append(key)
            # entered before versions were kept: they go on with what is there
            found[key] = now
    for key, (sources, since) in versions.campaigns(tx, older).items():
        remembered[key] = _made(shop, key, sources, since)
        found[key] = _as_live_as(remembered[key], there[key[0]])
    return found


def _as_live_as(older: Campaign | Reason, now: Campaign) -> Campaign | Reason:
    """How live a campaign is stands in its file as it is now, for those on earlier versions too."""
    return older if isinstance(older, Reason) else older.as_live_as(now)


def campaigns(found: Versions) -> list[Campaign]:
    """Those with which somebody can go on."""
    return [c for c in found.values() if isinstance(c, Campaign)]


def since(tx: Tx, rt: Runtime, wanted: Iterable[Key]) -> Mapping[Key, datetime]:
    """Since when there are people on each of these versions, where it is not the one in the file."""
    older = [
        key
        for key in wanted
        if (now := rt.campaigns.get(key[0])) and now.version != key[1]
    ]
    return {key: at for key, (_, at) in versions.campaigns(tx, older).items()}


def _made(
    shop: Shop, key: Key, sources: Mapping[str, str], since: datetime
) -> Campaign | Reason:
    name, version = key
    try:
        return loading.compile_again(name, version, sources, shop=shop)
    except CampaignError as error:
        first = error.problems[0] if error.problems else error
        return because(
            Code.VERSION_UNREADABLE,
            campaign=name,
            since=f"{since:%-d %B %Y}",
            words=first,
        )
