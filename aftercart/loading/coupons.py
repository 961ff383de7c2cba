"""Which campaigns bring a code? campaigns/shop/coupons.yaml."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel

from aftercart.codes import Coupon
from aftercart.errors import Problem
from aftercart.loading import documents
from aftercart.loading.documents import Document
from aftercart.loading.fitting import fit
from aftercart.loading.pieces import Shape
from aftercart.spelling import closest, did_you_mean

_PREFIX = re.compile(r"[A-Z0-9]{1,12}")


class _Coupon(Shape):
    prefix: str
    length: Annotated[int, Field(ge=6, le=16)] = Coupon(prefix="").length


def read(document: Document | None, problems: list[Problem]) -> dict[str, Coupon]:
    """The coupons by the names of their campaigns."""
    if document is None:
        return {}
    found = fit(document, RootModel[dict[str, _Coupon]], problems)
    if found is None:
        return {}
    for name, coupon in found.root.items():
        if not _PREFIX.fullmatch(coupon.prefix):
            words = f'"{coupon.prefix}" cannot begin a code'
            hint = "one to twelve capitals and digits, such as BDAY"
            problems.append(document.problem((name, "prefix"), words, hint))
    return {name: Coupon(c.prefix, c.length) for name, c in found.root.items()}


def check(
    folder: Path, coupons: Collection[str], campaigns: Collection[str]
) -> list[Problem]:
    """Coupons whose campaign is a slip away from one that is there; those of a campaign that was taken out do no harm."""
    strangers = [n for n in coupons if n not in campaigns and closest(n, campaigns)]
    if not strangers:
        return []
    file = f"{folder.name}/shop/coupons.yaml"
    document = documents.read(folder / "shop" / "coupons.yaml", file=file)
    return [
        document.problem(
            (name,),
            f'there is no campaign "{name}" that could bring this coupon',
            did_you_mean(name, campaigns),
            key=True,
        )
        for name in strangers
    ]
