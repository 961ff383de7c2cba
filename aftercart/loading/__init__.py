"""What did marketing write? The YAML files of campaigns/ as values, or every mistake in them with file, line and column."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from aftercart.campaigns import Campaign
from aftercart.errors import CampaignError, InputError, Problem
from aftercart.loading import (
    coupons,
    documents,
    hours,
    judging,
    naming,
    reach,
    shops,
    templates,
    together,
    wording,
)
from aftercart.loading.building import Builder
from aftercart.loading.fitting import fit
from aftercart.loading.schema import CampaignShape, json_schema
from aftercart.shop import Shop
from aftercart.spelling import did_you_mean

__all__ = [
    "check_folder",
    "compile_again",
    "json_schema",
    "load",
    "load_campaigns",
    "load_shop",
    "names",
]


def names(folder: Path) -> list[str]:
    """The campaigns that have a file in a folder, whatever stands in it."""
    return [path.stem for path in _files(folder)]


def load(
    folder: Path, *, only: Collection[str] = ()
) -> tuple[tuple[Campaign, ...], Shop]:
    """The campaigns of a folder, by name, and the shop that its folder `shop` describes.

    Who works on one campaign names it with `only`. Mistakes in the files of others are not in their way then: those are left out.

    Raises:
        CampaignError: with all mistakes of all files, those of the shop included.
    """
    campaigns, shop, problems = _read(folder)
    if only:
        others = {
            f"{folder.name}/{p.name}" for p in _files(folder) if p.stem not in only
        }
        broken = {Path(p.file).stem for p in problems if p.file in others}
        problems = [p for p in problems if p.file not in others]
        campaigns = tuple(c for c in campaigns if c.name not in broken)
    if problems or shop is None:
        raise CampaignError(problems)
    return campaigns, shop


def load_campaigns(folder: Path, wanted: Sequence[str] = ()) -> tuple[Campaign, ...]:
    """The campaigns of a folder, by name; where some are named, these alone, as in `load`.

    Raises:
        CampaignError: with all mistakes of the files, those of the shop included.
        InputError: when there is no campaign of a name.
    """
    known = {c.name: c for c in load(folder, only=wanted)[0]}
    for name in wanted:
        if name not in known:
            hint = did_you_mean(name, names(folder))
            raise InputError(f'there is no campaign "{name}"; {hint}')
    return tuple(known[name] for name in wanted or known)


def compile_again(
    name: str, version: str, sources: Mapping[str, str], *, shop: Shop
) -> Campaign:
    """A version of a campaign that is no longer in its file, of the texts that were kept of it. Its tests are not read.

    Raises:
        CampaignError: when this Aftercart cannot read it any more.
    """
    problems: list[Problem] = []
    document = documents.parse(sources["campaign"], file=f"campaigns/{name}.yaml")
    document.data.pop("tests", None)
    seen = shops.as_it_was(shop, sources, problems)
    shape = fit(document, CampaignShape, problems)
    made = None
    if shape is not None and not problems:
        unseen = templates.Templates(None)
        made = Builder(document, seen, problems, name, shape, unseen).build()
    if made is None:
        raise CampaignError(problems)
    return replace(made, version=version, sources=dict(sources))


def check_folder(folder: Path) -> list[Problem]:
    """All mistakes of all files, in the order of the files; empty when all is well."""
    return sorted(_read(folder)[2])


def load_shop(folder: Path) -> Shop:
    """The shop that the folder `shop` in this folder of campaigns describes.

    Raises:
        CampaignError: with all mistakes of its files.
    """
    problems: list[Problem] = []
    shop = shops.read(folder / "shop", problems, [])
    if shop is None:
        raise CampaignError(problems)
    return shop


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir() if folder.is_dir() else ())
        if path.suffix in (".yaml", ".yml") and path.name[0] not in "_."
    ]


def _read(folder: Path) -> tuple[tuple[Campaign, ...], Shop | None, list[Problem]]:
    if not folder.is_dir():
        words = "there is no such folder"
        hint = "start this in the folder that holds campaigns/ and templates/, or name that one with AFTERCART_ROOT"
        return (), None, [Problem(folder.name, 1, 1, words, hint)]
    problems: list[Problem] = []
    read: list[documents.Document] = []
    shop = shops.read(folder / "shop", problems, read)
    known = templates.look(folder.parent / "templates")
    found = [
        _campaign(path, f"{folder.name}/{path.name}", shop, known, problems, read)
        for path in _files(folder)
    ]
    problems += naming.slips(read)
    problems += judging.check(read)
    campaigns = tuple(campaign for campaign in found if campaign)
    if len(campaigns) == len(found):
        # what one says of another is judged when all of them can be read
        problems += together.check(campaigns, trial=shop.trial if shop else None)
        problems += naming.check(read, campaigns, shop)
        if shop:
            problems += coupons.check(folder, shop.coupons, {c.name for c in campaigns})
            problems += [p for c in campaigns for p in reach.check(c, shop)]
            problems += [p for c in campaigns for p in hours.check(c, shop)]
    return campaigns, shop, problems


def _campaign(
    path: Path,
    file: str,
    shop: Shop | None,
    known: templates.Templates,
    problems: list[Problem],
    read: list[documents.Document],
) -> Campaign | None:
    if path.suffix == ".yml" or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem):
        words = "the name of the file is part of every message; small letters, digits and dashes, then .yaml"
        slug = "-".join(re.findall(r"[a-z0-9]+", path.stem.lower()))
        hint = f"call it {slug or 'spring-offer'}.yaml"
        problems.append(Problem(file, 1, 1, words, hint))
        return None
    try:
        document = documents.read(path, file=file)
    except CampaignError as error:
        problems += error.problems
        return None
    read.append(document)
    shape = fit(document, CampaignShape, problems)
    if shape is None:
        named = shop.audiences if shop else {}
        wording.check_all(document, problems=problems, named=named)
        return None
    builder = Builder(document, shop, problems, path.stem, shape, known)
    return builder.build()
