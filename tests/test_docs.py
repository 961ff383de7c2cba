"""What a newcomer follows: every link leads somewhere, every page is found from the README, every setting exists."""

import re
from pathlib import Path

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
