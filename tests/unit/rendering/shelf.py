"""A small folder of templates for tests: one sound template, to be broken in one place at a time."""

from pathlib import Path

GOOD = {
    "_base/layout.mjml": (
        "<mjml><mj-head><mj-preview><!-- aftercart: preview --></mj-preview></mj-head>"
        "<mj-body>\n<!-- aftercart: body -->\n</mj-body></mjml>\n"
    ),
    "_base/macros.html": '{% macro button(label, link) %}<a href="{{ link | url }}">{{ label }}</a>{% endmacro %}\n',
    "_base/footer.txt": "{{ message.why }}\n{{ message.unsubscribe_url | url }}\n{{ shop.address }}\n",
    "_base/footer.mjml": (
        '<mj-section><mj-column><mj-text>{{ message.why }} <a href="{{ message.unsubscribe_url | url }}">Out</a>'
        "{{ shop.address }}</mj-text></mj-column></mj-section>\n"
    ),
    "hello/subject.txt": "Hello {{ customer.first_name }}\n",
    "hello/preview.txt": "A line that is long enough to fill the space beside the subject.\n",
    "hello/body.mjml": (
        "<mj-section><mj-column>\n"
        "<mj-text>Hello {{ customer.first_name }}</mj-text>\n"
        '<mj-text>{{ button("Shop", shop.url) }}</mj-text>\n'
        "</mj-column></mj-section>\n"
        '{% include "_base/footer.mjml" %}\n'
    ),
    "hello/body.txt": 'Hello {{ customer.first_name }}\n{% include "_base/footer.txt" %}\n',
    "hello/sms.txt": "{{ shop.name }}: hello {{ customer.first_name }}. STOP to end\n",
}
TEXT_LINE = "<mj-text>Hello {{ customer.first_name }}</mj-text>"


def fill(folder: Path, **changes: str | None) -> Path:
    """Writes the sound templates with some files changed (`hello/sms.txt` is `sms_txt`), or left out with None."""
    written = {**GOOD, **{_path(name): text for name, text in changes.items()}}
    for path, text in written.items():
        if text is not None:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    return folder


def body(line: str) -> str:
    """The sound body.mjml with its second line replaced."""
    return GOOD["hello/body.mjml"].replace(TEXT_LINE, line)


def _path(name: str) -> str:
    stem, _, ending = name.rpartition("_")
    home = "_base" if stem.startswith("base_") else "hello"
    return f"{home}/{stem.removeprefix('base_')}.{ending}"
