"""Which messages have no hour in which they could go, and which alerts would wait for one? Looked up in the campaign and in the shop's hours."""

from collections.abc import Iterator

from aftercart.campaigns import Campaign, LateDelivery, Send, Window
from aftercart.errors import Problem
from aftercart.model import Channel
from aftercart.policy.sending import open_hours
from aftercart.shop import Shop

_CALLED = {Channel.EMAIL: "e-mail", Channel.SMS: "texts"}


def check(campaign: Campaign, shop: Shop) -> Iterator[Problem]:
    """A mistake for each message whose hours and the shop's have no minute in common, and for each alert that has hours."""
    for send in campaign.steps:
        if not isinstance(send, Send) or send.between is None or send.place is None:
            continue
        place = send.place
        if isinstance(campaign.trigger, LateDelivery):
            words = f"news of a late order would wait for {send.between}, and nobody is told outside of it"
            hint = 'take "between" out: a text waits for the morning by itself, an e-mail goes at once'
            yield Problem(place.file, place.line, place.column, words, hint)
            continue
        ways = [send.channel, *([send.fallback[0]] if send.fallback else [])]
        for channel in ways:
            hours = open_hours(campaign.purpose, channel, shop.quiet_hours.get(channel))
            if hours and not _meet(send.between, hours):
                words = f"this message never goes: {send.between} lies outside of the hours for {_CALLED[channel]} ({hours})"
                hint = "choose other hours, or change quiet_hours in shop/shop.yaml"
                yield Problem(place.file, place.line, place.column, words, hint)


def _meet(one: Window, other: Window) -> bool:
    return max(one.opens, other.opens) < min(one.closes, other.closes)
