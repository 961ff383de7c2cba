"""Messages that no hour is left for, and alerts that would wait for one, are mistakes of the file."""

import shutil
from pathlib import Path

import pytest

from aftercart.loading import check_folder

SURVEY = """\
name: Night
purpose: survey
trigger: {every: days at 10:00}
steps:
  - send: {email: nps-survey}
    between: HOURS
"""
ALERT = """\
name: Night
purpose: service
trigger: {late_delivery: {by: 15 minutes, confirmed_for: 2 minutes, worse_by: 30 minutes}}
steps:
  - send: {sms: delivery-delay}
    expires: 30 minutes
    between: HOURS
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree("campaigns", tmp_path / "campaigns")
    shutil.copytree("templates", tmp_path / "templates")
    return tmp_path / "campaigns"


def _told(folder: Path, text: str, hours: str) -> list[str]:
    (folder / "night.yaml").write_text(text.replace("HOURS", hours))
    return [str(problem) for problem in check_folder(folder)]


@pytest.mark.parametrize("hours", ["21:00-23:00", "05:00-08:00"])
def test_a_message_outside_of_the_shops_hours_never_goes(
    folder: Path, hours: str
) -> None:
    (told,) = _told(folder, SURVEY, hours)

    assert told.startswith("campaigns/night.yaml:5:")
    assert (
        f"this message never goes: {hours} lies outside of the hours for e-mail (08:00-21:00)"
        in told
    )


@pytest.mark.parametrize("hours", ["20:59-23:00", "05:00-08:01", "10:00-12:00"])
def test_a_minute_in_common_is_enough(folder: Path, hours: str) -> None:
    assert _told(folder, SURVEY, hours) == []


def test_news_of_a_late_order_waits_for_no_hours(folder: Path) -> None:
    (told,) = _told(folder, ALERT, "09:00-17:00")

    assert "news of a late order would wait for 09:00-17:00" in told
    assert 'take "between" out' in told
