"""What is wrong with campaigns and templates? Each by itself, the two together, and for the customers that there are."""

from collections.abc import Iterable
from pathlib import Path

from aftercart import composing, loading, rendering
from aftercart.campaigns import Campaign, Send
from aftercart.errors import Problem
from aftercart.model import Purpose
from aftercart.policy.still import templates as templates_of
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.store import open_store, records

_FILE = "sqlite:///"


def check(chosen: Settings) -> list[Problem]:
    """All mistakes in campaigns/ and templates/."""
    campaigns, templates = (chosen.folder / n for n in ("campaigns", "templates"))
    mistakes = loading.check_folder(campaigns)
    if mistakes:
        # what a template must hold depends on who sends it; with a broken campaign that is not known for sure
        return mistakes + rendering.guarded.check(templates)
    every, shop = loading.load(campaigns)
    found = rendering.guarded.check(
        templates,
        purposes=_purposes(every),
        coupons=_with_coupon(every, shop),
        lacking=_lacking(every),
        locale=shop.locale,
    )
    people = first_names(chosen)
    return found + rendering.with_people(templates, people, locale=shop.locale)


def _purposes(campaigns: Iterable[Campaign]) -> dict[str, Purpose]:
    """The purpose for which each template is used."""
    return {
        template: campaign.purpose
        for campaign in campaigns
        for step in campaign.steps
        if isinstance(step, Send)
        for template in templates_of(step)
    }


def _lacking(campaigns: Iterable[Campaign]) -> dict[str, dict[str, str]]:
    """The words that a template cannot use, each with a campaign that sends it without."""
    found: dict[str, dict[str, str]] = {}
    for campaign in campaigns:
        for step in campaign.steps:
            if not isinstance(step, Send):
                continue
            lacks = dict.fromkeys(composing.never_there(campaign, step), campaign.name)
            for template in templates_of(step):
                found[template] = lacks | found.get(template, {})
    return found


def _with_coupon(campaigns: Iterable[Campaign], shop: Shop) -> set[str]:
    """The templates in which a coupon can be shown: those that only campaigns with one use."""
    brings: dict[str, bool] = {}
    for campaign in campaigns:
        for template in _purposes([campaign]):
            has = campaign.name in shop.coupons
            brings[template] = brings.get(template, True) and has
    return {template for template, has in brings.items() if has}


def first_names(chosen: Settings) -> dict[str, int]:
    """The first names of the customers that there are, each with its number; none where no database answers. It is only looked at."""
    url = chosen.database_url
    if url.startswith(_FILE) and not Path(url.removeprefix(_FILE)).is_file():
        return {}  # a look makes no database
    store = open_store(url)
    try:
        with store.read() as tx:
            return records.first_names(tx)
    except Exception:
        return {}
    finally:
        store.close()
