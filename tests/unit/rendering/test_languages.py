"""One message in several languages: file by file from the nearest folder, and never half in one and half in another."""

from pathlib import Path

import pytest
from mjml import mjml2html

from aftercart.model import Channel
from aftercart.rendering import Renderer, Template, check, sample_values
from tests.unit.rendering.shelf import GOOD, fill

DE = {
    "_base/de/footer.txt": "Grund\n{{ message.unsubscribe_url | url }}\n{{ shop.address }}\n",
    "hello/de/subject.txt": "Hallo {{ customer.first_name }}\n",
    "hello/de/preview.txt": "Eine Zeile, die lang genug ist, um den Platz zu füllen.\n",
    "hello/de/body.mjml": GOOD["hello/body.mjml"].replace("Hello", "Hallo"),
    "hello/de/body.txt": GOOD["hello/body.txt"].replace("Hello", "Hallo"),
    "hello/de/sms.txt": "{{ shop.name }}: hallo {{ customer.first_name }}. STOP\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return add(fill(tmp_path / "templates"), **DE)


def add(folder: Path, **files: str) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def text(renderer: Renderer, locale: str) -> str:
    template = renderer.template("hello", locale)
    values = sample_values(locale=template.locale)
    return renderer.render(template, Channel.EMAIL, values).text


def test_the_customers_locale_chooses_and_the_shared_pieces_follow(
    folder: Path,
) -> None:
    renderer = Renderer(folder)

    assert text(renderer, "de-DE").startswith("Hallo Ann\nGrund\n")
    assert text(renderer, "en").startswith("Hello Ann\nYou get this")


def test_a_country_differs_only_in_the_files_that_it_has(folder: Path) -> None:
    add(folder, **{"hello/de-AT/subject.txt": "Servus {{ customer.first_name }}\n"})
    renderer = Renderer(folder)

    austrian = renderer.render(
        renderer.template("hello", "de-AT"), Channel.EMAIL, sample_values()
    )

    assert austrian.subject == "Servus Ann"
    assert austrian.text.startswith("Hallo Ann")


def test_what_is_not_translated_goes_as_a_whole_in_the_shops_language(
    folder: Path,
) -> None:
    for file in (folder / "hello" / "de").iterdir():
        file.unlink()
    (folder / "hello" / "de").rmdir()

    assert "Grund" not in text(Renderer(folder), "de")
    assert Renderer(folder).template("hello", "de").locale == "en-GB"


def test_each_language_is_compiled_once_and_has_a_version_of_its_own(
    folder: Path,
) -> None:
    made: list[str] = []

    def counted(source: str) -> str:
        made.append(source)
        return mjml2html(source)

    renderer = Renderer(folder, to_html=counted)
    versions = {
        renderer.template("hello", wanted).version
        for wanted in ("de", "de", "en", "en-GB", "de", "fr")
    }

    assert len(versions) == len(made) == 2


def test_a_changed_translation_is_seen_with_the_next_batch(folder: Path) -> None:
    renderer = Renderer(folder)
    before = renderer.template("hello", "de").version

    add(folder, **{"hello/de/body.txt": DE["hello/de/body.txt"] + "Neu.\n"})

    assert renderer.template("hello", "de").version != before
    assert "Neu." in text(renderer, "de")


def test_what_was_sent_is_shown_again_in_its_language(folder: Path) -> None:
    line = 'Hallo {{ staples | map(attribute="name") | sentence }}\n{% include "_base/footer.txt" %}\n'
    renderer = Renderer(add(folder, **{"hello/de/body.txt": line}))
    sent = renderer.template("hello", "de")
    values = sample_values(locale="de")

    again = Template.from_sources("hello", dict(sent.sources))

    assert again.version == sent.version
    assert "eggs, milk und coffee" in renderer.render(again, Channel.EMAIL, values).text


def test_check_finds_nothing_in_a_sound_translation(folder: Path) -> None:
    assert check(folder) == []


def test_a_translation_that_lacks_a_file_is_told_with_the_file(folder: Path) -> None:
    (folder / "hello" / "de" / "body.txt").unlink()

    (problem,) = check(folder)

    assert problem.place == "templates/hello/de:1:1"
    assert "the translation into German has no body.txt" in problem.message
    assert problem.hint == "translate hello/body.txt to templates/hello/de/body.txt"


def test_a_value_that_got_lost_in_translation_is_told(folder: Path) -> None:
    add(folder, **{"hello/de/sms.txt": "{{ shop.name }}: hallo. STOP\n"})

    (problem,) = check(folder)

    assert problem.place == "templates/hello/de/sms.txt:1:1"
    assert "does not say customer.first_name" in problem.message
    assert "{{ customer.first_name }}" in problem.hint


def test_a_value_that_only_the_translation_shows_is_told(folder: Path) -> None:
    add(folder, **{"hello/de/subject.txt": "Bestellung {{ order.number }}\n"})

    said = [p.message for p in check(folder)]

    assert [m for m in said if "says order.number, which the original does not" in m]


@pytest.mark.parametrize(
    ("name", "hint"), [("DE", "name the folder de"), ("german", "such as de or de-AT")]
)
def test_a_folder_that_is_no_language_is_told(
    folder: Path, name: str, hint: str
) -> None:
    add(folder, **{f"hello/{name}/subject.txt": "Hallo\n"})

    found = [p for p in check(folder) if "is not a language that is known" in p.message]

    assert [p.hint for p in found] == [hint]


def test_a_mistake_in_a_translation_has_its_own_place(folder: Path) -> None:
    add(folder, **{"hello/de/subject.txt": "Hallo\n  {{ customer.frist_name }}\n"})

    assert [p.place for p in check(folder)] == ["templates/hello/de/subject.txt:2:15"]
