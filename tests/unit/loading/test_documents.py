"""YAML as we read it: plain values, places, and a short temper with what could hurt."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercart.errors import CampaignError
from aftercart.loading import documents


def refused(source: str) -> str:
    with pytest.raises(CampaignError) as caught:
        documents.parse(source, file="x.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("22:30", "22:30"),
        ("8:00", "8:00"),
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("012", 12),
        ("-7", -7),
        ("1e3", 1000.0),
        ("0x10", "0x10"),
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02 10:00", "2026-03-02 10:00"),
        ("~", None),
        ("null", None),
        ("", None),
        ("'5'", "5"),
        ("1_000", "1_000"),
        ("9" * 30, "9" * 30),
    ],
)
def test_a_scalar_means_what_it_looks_like(scalar: str, value: Any) -> None:
    assert documents.parse(f"key: {scalar}\n", file="x.yaml").data == {"key": value}


def test_every_key_and_value_has_its_place() -> None:
    document = documents.parse("a: 1\nb:\n  - c: x\n  - d\n", file="x.yaml")

    assert document.spot(("b",), key=True) == (2, 1)
    assert document.spot(("b", 0, "c")) == (3, 8)
    assert document.spot(("b", 1)) == (4, 5)
    assert document.spot(("b", 0, "missing", "deeper")) == (3, 5)


def test_an_alias_repeats_a_value() -> None:
    document = documents.parse("a: &x [1, 2]\nb: *x\n", file="x.yaml")

    assert document.data == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "x.yaml:1:1: the file is empty"),
        ("# nothing\n", "x.yaml:1:1: the file is empty"),
        ("a: [1\n", "x.yaml:1:4: a [ is opened and not closed"),
        ("a: 'x\n", "x.yaml:1:4: a quote is opened and never closed"),
        ("a: b\n---\nc: d\n", "x.yaml:2:1: a second document begins here"),
        ("a: *x\n", "x.yaml:1:4: a * stands for something that is not there"),
        ("a: \x07\n", "x.yaml:1:4: a control character (U+0007) stands here"),
        ("&a [*a]\n", "too much once its aliases are written out"),
        ("[" * 2000, "x.yaml:1:51: more than 50 levels inside each other"),
        ("a: &x y\nb: [" + "*x, " * 101 + "]", "too many parts for one file"),
        ("- a\n" * 20_001, "too many parts for one file"),
    ],
)
def test_what_is_broken_or_too_much_is_one_clear_mistake(
    source: str, words: str
) -> None:
    assert words in refused(source)


def test_a_billion_laughs_are_refused_at_once() -> None:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for n in range(1, 9):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]")
    started = time.perf_counter()

    words = refused("\n".join(lines))

    assert "too much once its aliases are written out" in words
    assert time.perf_counter() - started < 1


def test_a_file_that_is_too_large_or_not_text_is_refused(tmp_path: Path) -> None:
    large, latin = tmp_path / "large.yaml", tmp_path / "latin.yaml"
    large.write_bytes(b"#" * (documents.MOST_BYTES + 1))
    latin.write_bytes("a: 1\nb: Käse\n".encode("latin-1"))

    with pytest.raises(CampaignError, match=r"l\.yaml:1:1: the file is larger than"):
        documents.read(large, file="l.yaml")
    with pytest.raises(CampaignError, match=r"l\.yaml:2:5: the file is not UTF-8 text"):
        documents.read(latin, file="l.yaml")
    with pytest.raises(CampaignError, match=r"n\.yaml:1:1: the file cannot be read"):
        documents.read(tmp_path / "none.yaml", file="n.yaml")


def test_windows_files_read_as_all_others(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n")

    document = documents.read(file, file="a.yaml")

    assert document.data == {"a": 1, "b": "x\n"}
    assert document.spot(("b",), key=True) == (2, 1)


@settings(max_examples=300, deadline=None)
@given(source=st.text(alphabet="ab:- \n[]{}&*!|>'\"#%?,<~1\t\\", max_size=60))
def test_any_text_is_data_or_a_mistake_with_a_place(source: str) -> None:
    try:
        document = documents.parse(source, file="x.yaml")
    except CampaignError as error:
        assert all(p.line >= 1 and p.column >= 1 for p in error.problems)
    else:
        assert all(document.spot(path) >= (1, 1) for path in document.values)
