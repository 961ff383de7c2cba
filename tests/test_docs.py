"""What a newcomer follows: every link leads somewhere, every page is found from the README, every setting exists."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aftercart import settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]


def links(page: Path) -> set[Path]:
    """The files that a page leads to."""
    found = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    return {
        (page.parent / link).resolve() for link in found if not link.startswith("http")
    }


def test_every_link_leads_to_a_file_or_a_folder() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in PAGES
        for link in links(page)
        if not link.exists()
    ]

    assert dead == []


def test_the_readme_leads_to_every_page() -> None:
    pages = set(PAGES) - {ROOT / "README.md"}

    assert pages - links(ROOT / "README.md") == set()


def test_every_setting_that_a_page_names_is_one() -> None:
    known = set(settings.Settings().masked())
    named = {
        (page.name, name.removesuffix("_FILE"))
        for page in PAGES
        for name in re.findall(
            r"AFTERCART_[A-Z0-9_]+[A-Z]", page.read_text(encoding="utf-8")
        )
    }

    assert {(page, name) for page, name in named if name not in known} == set()


def test_every_key_of_a_campaign_is_shown() -> None:
    schema = json.loads((ROOT / "campaigns" / "schema.json").read_text())
    page = (ROOT / "docs" / "campaigns.md").read_text()

    keys = set(_keys(schema))
    shown = {key for key in keys if re.search(rf"[`{{ ]{key}(:|`)", page)}

    assert len(keys) > 60
    assert keys - shown == set()


def _keys(shape: Any) -> Iterator[str]:
    if isinstance(shape, dict):
        yield from shape.get("properties", {})
    for part in shape.values() if isinstance(shape, dict) else shape:
        if isinstance(part, dict | list):
            yield from _keys(part)
