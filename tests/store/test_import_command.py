"""`aftercart import`: its exit codes, its words and its JSON, on both databases."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from aftercart.cli.importing import app

PEOPLE = "id,email\nc-1,ann@shop.example\n"
LINES = "order_id,customer_id,placed_at,product,price\no-1,c-1,2026-03-02T10:00:00Z,Eggs,2.00\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture
def deployment(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An environment with the shipped campaigns and an empty database, and a folder for files."""
    monkeypatch.setenv("AFTERCART_DATABASE_URL", database_url)
    monkeypatch.setenv("AFTERCART_ROOT", str(Path(__file__).parents[2]))
    return tmp_path


def test_the_command_ends_with_0_when_fine_1_when_rows_were_bad_2_when_misused(
    deployment: Path,
) -> None:
    good = write(deployment, "good.csv", PEOPLE)
    bad = write(deployment, "bad.csv", "id,email\nc-1,nope\n")

    codes = [
        CliRunner().invoke(app, ["customers", *arguments]).exit_code
        for arguments in (
            [str(good)],
            [str(good), str(bad)],
            [str(deployment / "none.csv")],
            [str(good), "--columns", "email"],
            [str(good), "--columns", "email=Nix"],
        )
    ]

    assert codes == [0, 1, 2, 2, 2]


def test_the_command_shows_twenty_bad_rows_and_all_when_asked(deployment: Path) -> None:
    path = write(deployment, "bad.csv", "id,email\n" + "c,nope\n" * 25)

    few = CliRunner().invoke(app, ["customers", str(path)]).stdout.splitlines()
    all_ = CliRunner().invoke(app, ["customers", str(path), "--all-bad"])

    assert len(few) == 22
    assert few[0].startswith(f"{path}: row 1 (line 2): email: ")
    assert few[20] == "… and 5 more; --all-bad lists more"
    assert few[21].startswith(f"{path}: 25 rows read, 1 added, 24 known already")
    assert len(all_.stdout.splitlines()) == 26


def test_the_command_speaks_json(deployment: Path) -> None:
    path = write(deployment, "orders.csv", LINES)

    result = CliRunner().invoke(app, ["orders", str(path), "--json"])

    report = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert (report["file"], report["read"], report["added"]) == (str(path), 1, 1)
    assert (report["bad"], report["bad_count"]) == ([], 0)
