"""Files as rows: what stands where, and what is said of files that cannot be read."""

from pathlib import Path

import duckdb
import pytest

from aftercart.errors import InputError
from aftercart.reading import engine, order_lines
from aftercart.reading.rows import Row, count_rows, open_table


def read(path: Path) -> list[Row]:
    """All rows of a file."""
    with open_table(path) as table:
        return list(table.rows)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_parquet(path: Path, query: str) -> Path:
    """A Parquet file with the rows of a query."""
    target = str(path).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)")
    return path


def test_csv_keeps_leading_zeros_and_plus_signs(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "id,phone\n007,+12015550100\n")

    (row,) = read(path)

    assert row == Row(1, 2, {"id": "007", "phone": "+12015550100"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_may_be_separated_as_spreadsheets_do(
    tmp_path: Path, delimiter: str
) -> None:
    text = f"\ufeffid{delimiter}name\r\n1{delimiter}Ann\r\n"
    path = write(tmp_path, "a.CSV", text)

    assert [row.values for row in read(path)] == [{"id": "1", "name": "Ann"}]


def test_a_row_knows_its_number_and_its_line_across_breaks_in_quotes(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "a.csv", 'id,note\n1,"two\nlines"\n\n2,x\n')

    assert [(row.number, row.line) for row in read(path)] == [(1, 2), (2, 5)]


def test_broken_csv_rows_are_told_and_the_others_read(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.csv", b'id,name\n1\n2,"B"o\n3,Caf\xe9\n4,D\n5,"E\n6,F\n7,G\n'
    )

    rows = read(path)

    assert [row.values for row in rows if not row.fault] == [{"id": "4", "name": "D"}]
    assert [(row.line, row.fault.split()[0]) for row in rows if row.fault] == [
        (2, "has"),
        (3, "has"),
        (4, "holds"),
        (6, "opens"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is empty"), ("\n", "is empty"), ("id,id\n1,2\n", "there twice")],
)
def test_a_csv_file_needs_a_first_line_with_names(
    tmp_path: Path, text: str, words: str
) -> None:
    path = write(tmp_path, "a.csv", text)

    with pytest.raises(InputError, match=words):
        read(path)


def test_ndjson_rows_keep_their_values_and_broken_lines_are_told(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "a.ndjson", '{"id": 1, "x": {"y": [2]}}\n\n{oops\n[1]\n')

    first, second, third = read(path)

    assert first == Row(1, 1, {"id": 1, "x": {"y": [2]}})
    assert (second.number, second.line) == (2, 3)
    assert "is not JSON" in second.fault
    assert "is not an object" in third.fault


def test_parquet_times_come_out_as_text_with_their_zone(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "it's [a] file*.parquet",
        "SELECT 7 AS id, TIMESTAMPTZ '2017-01-01 11:53:26+00' AS at, {'a': [1]} AS deep, NULL AS none",
    )

    with open_table(path) as table:
        rows = list(table.rows)

    assert table.columns == ("id", "at", "deep", "none")
    assert rows == [
        Row(
            1,
            None,
            {
                "id": "7",
                "at": "2017-01-01 11:53:26+00",
                "deep": {"a": [1]},
                "none": None,
            },
        )
    ]


def test_times_in_nanoseconds_can_be_read(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet",
        "SELECT '2017-01-01 11:53:26+00'::TIMESTAMPTZ::TIMESTAMPTZ_NS AS at",
    )

    (row,) = read(path)

    assert row.values == {"at": "2017-01-01 11:53:26+00"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.csv", "there is no such file"),
        ("a.xlsx", "cannot tell what .xlsx is"),
        ("plain", "a name without an ending"),
        ("broken.parquet", "is not a readable Parquet file"),
        (".", "is a folder"),
    ],
)
def test_a_file_that_cannot_be_opened_is_refused_in_words(
    tmp_path: Path, name: str, words: str
) -> None:
    for there in ("a.xlsx", "plain", "broken.parquet"):
        write(tmp_path, there, "not at all")

    with pytest.raises(InputError, match=words):
        read(tmp_path / name)


def test_rows_are_counted_without_reading_them(tmp_path: Path) -> None:
    flat = write(tmp_path, "a.csv", "id\n1\n2\n3")
    lines = write(tmp_path, "a.jsonl", "{}\n{}\n")
    table = write_parquet(tmp_path / "a.parquet", "SELECT * FROM range(5)")

    assert [count_rows(path) for path in (flat, lines, table)] == [3, 2, 5]


def test_the_engine_can_read_no_other_file_and_load_nothing(tmp_path: Path) -> None:
    mine = write(tmp_path, "mine.csv", "a\n1\n")
    other = write(tmp_path, "other.csv", "a\n1\n")

    with engine.locked_engine(mine) as (connection, folder):
        allowed = connection.execute(f"FROM read_csv('{mine}')").fetchall()
        for forbidden in (
            f"FROM read_csv('{other}')",
            f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
            f"ATTACH '{tmp_path}/x.db'",
            "INSTALL httpfs",
            "SET enable_external_access = true",
            "SET memory_limit = '64GB'",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(forbidden)

    assert allowed == [(1,)]
    assert not folder.exists()


HEADER = "order_id,customer_id,placed_at,product_id,product,category,quantity,line_total,price\n"


def purchases(
    folder: Path, rows: str, *, lines_at_once: int = 1_000
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[str]]:
    """Orders, lines and faults of a CSV file of order lines."""
    path = write(folder, "orders.csv", HEADER + rows)
    columns = {name: name for name in HEADER.strip().split(",")}
    heads: list[tuple[object, ...]] = []
    lines: list[tuple[object, ...]] = []
    with order_lines.open_purchases(
        path, columns=columns, progress=lambda rows: None
    ) as read:
        ours = {pair: pair[1].lower() for pair in read.products()}
        for some, their_lines in read.orders(
            ours, currency="GBP", lines_at_once=lines_at_once
        ):
            assert {line[0] for line in their_lines} == {head[0] for head in some}
            heads += some
            lines += their_lines
        _, _, faults = read.faults(limit=100)
    return heads, lines, [f"{f.row}/{f.line} {f.column} {f.code}" for f in faults]


def test_lines_spread_over_the_file_become_one_order(tmp_path: Path) -> None:
    heads, lines, faults = purchases(
        tmp_path,
        "o2,c1,2026-03-02T10:00:00Z,p1,Eggs,EGGS,2,6.41,\n"
        "o1,c2,2026-03-01T10:00:00+01:00,p2,Milk,DAIRY,,,1.10\n"
        "o2,c1,2026-03-02T10:00:00Z,p3,Tea,,3,,0.50\n",
        lines_at_once=1,
    )

    assert faults == []
    assert heads == [
        ("o2", "c1", "2026-03-02T10:00:00.000000+00:00", None, None, "7.91", "GBP"),
        ("o1", "c2", "2026-03-01T09:00:00.000000+00:00", None, None, "1.10", "GBP"),
    ]
    assert [(row[0], row[1], row[4], row[6], row[8], row[9]) for row in lines] == [
        ("o2", 1, "p1", "eggs", "2.000", "3.21"),
        ("o2", 2, "p3", "", "3.000", "0.50"),
        ("o1", 1, "p2", "dairy", "1.000", "1.10"),
    ]


def test_a_line_keeps_its_place_when_one_before_it_is_bad(tmp_path: Path) -> None:
    good = "o1,c1,2026-03-02T10:00:00Z,p{},Eggs,EGGS,1,2.00,\n"

    _, lines, faults = purchases(
        tmp_path, good.format(1) + good.format(2).replace(",1,2.00", ",0,2.00") + good.format(3)
    )  # fmt: skip

    assert faults == ["2/3 quantity positive"]
    assert [line[1] for line in lines] == [1, 3]


def test_every_fault_is_told_with_row_line_and_column(tmp_path: Path) -> None:
    _, lines, faults = purchases(
        tmp_path,
        ",c1,2026-03-02T10:00:00Z,p,,,1,1.00,\n"
        "o,,2026-03-02T10:00:00,p,,,x,1.00,\n"
        "o,c1,2026-03-02,,,,1,-2,\n"
        "o,c1,2026-03-02T10:00:00Z,p,,,1,,\n"
        "o,c1,2026-03-02T10:00:00Z,p,,,1,1.00,\n"
        "o,c2,2026-03-02T10:00:00Z,p,,,1,1.00,\n"
        "o\n",
    )

    assert len(lines) == 1
    assert faults == [
        "1/2 order_id empty",
        "2/3 customer_id empty",
        "2/3 placed_at time",
        "2/3 quantity number",
        "3/4 line_total negative",
        "3/4 placed_at time",
        "3/4 product_id empty",
        "4/5 line_total unpriced",
        "6/7 customer_id owner",
        "7/8  fault",
    ]
