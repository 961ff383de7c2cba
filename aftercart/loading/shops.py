"""What does campaigns/shop/ say? The shop's own words, lists and recipes as one value."""

import keyword
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, RootModel

from aftercart import addresses, locales
from aftercart.campaigns import Limit, Staple
from aftercart.conditions import CATALOGUE, Condition
from aftercart.conditions.sight import FUNCTIONS, PAST
from aftercart.errors import CampaignError, Problem
from aftercart.loading import coupons, documents, home, wording
from aftercart.loading.documents import Document
from aftercart.loading.fitting import fit
from aftercart.loading.pieces import (
    Country,
    Length,
    Limit_,
    Price,
    Shape,
    Share,
    Span,
    phrase,
)
from aftercart.model import Channel, Purpose
from aftercart.shop import QUIET_HOURS, Rates, Recipe, Shop

T = TypeVar("T")

#: What shop.yaml need not say: at most one marketing message a day, and three a week.
_CAP = [Limit(1, timedelta(days=1)), Limit(3, timedelta(days=7))]
#: Words that mean something else in a condition.
_TAKEN = {
    *FUNCTIONS,
    *PAST,
    *(path.partition(".")[0] for path in CATALOGUE),
    *("true", "false", "trigger"),
    *keyword.kwlist,
}
_Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
_Text = Annotated[str, Field(min_length=1)]


def _listed(text: str) -> str:
    """Somebody on the trial list; an address is known by its @, and capitals do not matter in it."""
    return addresses.email(text).lower() if "@" in text else text.strip()


_Listed = Annotated[str, phrase(_listed, "c-7 or ann@mail.example")]


class _Quiet(Shape):
    email: Span = QUIET_HOURS[Channel.EMAIL]
    sms: Span = QUIET_HOURS[Channel.SMS]


class _Cap(Shape):
    marketing: list[Limit_] = Field(default_factory=_CAP.copy)
    survey: list[Limit_] = Field(default_factory=list)


class _Halt(Shape):
    bounces: Share = Rates.bounces
    complaints: Share = Rates.complaints
    unsubscribes: Share = Rates.unsubscribes


class _Shop(Shape):
    name: _Text
    url: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    currency: str = ""
    locale: str = locales.DEFAULT
    staff: list[str] = Field(default_factory=list)
    quiet_hours: _Quiet = _Quiet()
    cap: _Cap = _Cap()
    sms_prices: dict[Country, Price] = Field(default_factory=dict)
    tags: list[_Slug] = Field(default_factory=list)
    trial: list[_Listed] = Field(default_factory=list)
    halt: _Halt = _Halt()


class _Staple(Shape):
    name: _Text
    lifespan: Length


class _Recipe(Shape):
    id: _Slug
    title: _Text
    main: str
    minutes: Annotated[int, Field(ge=1, le=600)]
    serves: Annotated[int, Field(ge=1, le=20)]
    intro: _Text
    ingredients: Annotated[list[_Text], Field(min_length=1)]
    steps: Annotated[list[_Text], Field(min_length=1)]
    goes_with: list[str] = Field(default_factory=list)


def read(
    folder: Path, problems: list[Problem], documents_: list[Document]
) -> Shop | None:
    """The shop of this folder, or None after its mistakes were added to `problems`; the files that could be read are added too."""
    before = len(problems)
    shown = f"{folder.parent.name}/{folder.name}"
    files = {
        name: _document(folder / f"{name}.yaml", f"{shown}/{name}.yaml", problems)
        for name in ("shop", "categories", "staples", "recipes", "audiences", "coupons")
    }
    if files["shop"] is None and len(problems) == before:
        words, hint = "there is no such file", "it holds the name of the shop"
        problems.append(Problem(f"{shown}/shop.yaml", 1, 1, words, hint))
    documents_ += filter(None, files.values())
    shop = _fitted(files["shop"], _Shop, problems)
    categories = _categories(files["categories"], problems)
    staples = _staples(files["staples"], problems)
    recipes = _recipes(files["recipes"], problems)
    audiences = _audiences(files["audiences"], problems)
    coupons_ = coupons.read(files["coupons"], problems)
    if shop is not None and files["shop"] is not None:
        locale = home.language(files["shop"], shop.locale, problems)
        staff = home.staff(files["shop"], shop.staff, problems)
    if len(problems) > before or shop is None:
        return None
    return Shop(
        name=shop.name,
        url=shop.url,
        address=shop.address,
        phone=shop.phone,
        email=shop.email,
        currency=shop.currency,
        locale=locale,
        staff=staff,
        quiet_hours={
            Channel.EMAIL: shop.quiet_hours.email,
            Channel.SMS: shop.quiet_hours.sms,
        },
        cap=_cap(shop.cap),
        sms_prices=shop.sms_prices,
        trial=frozenset(shop.trial),
        halt=Rates(**dict(shop.halt)),
        categories=categories,
        staples=staples,
        recipes=recipes,
        audiences=audiences,
        tags=tuple(shop.tags),
        coupons=coupons_,
    )


def as_it_was(shop: Shop, texts: Mapping[str, str], problems: list[Problem]) -> Shop:
    """The shop as a campaign saw it that was made of these texts: its audiences and staples, and no word on what is new since."""

    def kept(name: str) -> Document | None:
        text = texts.get(name)
        return documents.parse(text, file=f"kept {name}") if text else None

    return replace(
        shop,
        audiences=_audiences(kept("audiences"), problems),
        staples=_staples(kept("staples"), problems),
        categories={},
    )


def _document(path: Path, file: str, problems: list[Problem]) -> Document | None:
    if not path.is_file():
        return None
    try:
        return documents.read(path, file=file)
    except CampaignError as error:
        problems += error.problems
        return None


def _fitted(
    document: Document | None, shape: type[T], problems: list[Problem]
) -> T | None:
    return None if document is None else fit(document, shape, problems)


def _cap(cap: _Cap) -> dict[Purpose, tuple[Limit, ...]]:
    said = {Purpose.MARKETING: cap.marketing, Purpose.SURVEY: cap.survey}
    return {purpose: tuple(limits) for purpose, limits in said.items() if limits}


def _categories(
    document: Document | None, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    found = _fitted(document, RootModel[dict[str, list[str]]], problems)
    if document is None or found is None:
        return {}
    owner: dict[str, str] = {}
    for ours, words in found.root.items():
        if ours != ours.lower():
            words_ = f'the category "{ours}" has capitals'
            hint = f'categories are in lower case: "{ours.lower()}"'
            problems.append(document.problem((ours,), words_, hint, key=True))
        for number, word in enumerate(words):
            other = owner.setdefault(" ".join(word.lower().split()), ours)
            if other != ours:
                words_ = f'"{word}" already belongs to "{other}"'
                problems.append(document.problem((ours, number), words_))
    return {ours: tuple(words) for ours, words in found.root.items()}


def _staples(document: Document | None, problems: list[Problem]) -> tuple[Staple, ...]:
    found = _fitted(document, RootModel[dict[str, _Staple]], problems)
    if found is None:
        return ()
    return tuple(
        Staple(category, staple.name, staple.lifespan)
        for category, staple in found.root.items()
    )


def _audiences(
    document: Document | None, problems: list[Problem]
) -> dict[str, Condition]:
    """Conditions on customers by their names; one may use those above it."""
    found = _fitted(document, RootModel[dict[str, str]], problems)
    named: dict[str, Condition] = {}
    if document is None or found is None:
        return named
    for name, text in found.root.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in _TAKEN:
            words = f'"{name}" cannot name an audience'
            hint = "small letters, digits and _, and no word of the language: regulars"
            problems.append(document.problem((name,), words, hint, key=True))
            continue
        about = frozenset({"customer"})
        condition = wording.read(
            document, text, (name,), about=about, problems=problems, named=named
        )
        if condition:
            named[name] = condition
    return named


def _recipes(document: Document | None, problems: list[Problem]) -> tuple[Recipe, ...]:
    found = _fitted(document, RootModel[list[_Recipe]], problems)
    if document is None or found is None:
        return ()
    first: dict[str, int] = {}
    for number, recipe in enumerate(found.root):
        if first.setdefault(recipe.id, number) != number:
            words = f'the id "{recipe.id}" is already taken'
            hint = "ids are how we know what a customer has had"
            problems.append(document.problem((number, "id"), words, hint))
    return tuple(
        Recipe(
            id=r.id,
            title=r.title,
            main=r.main,
            minutes=r.minutes,
            serves=r.serves,
            intro=r.intro,
            ingredients=tuple(r.ingredients),
            steps=tuple(r.steps),
            goes_with=tuple(r.goes_with),
        )
        for r in found.root
    )
