"""Has a template all that its message needs, and is each part of a length that people and mailboxes take?"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import nodes

from aftercart import sms
from aftercart.errors import Problem
from aftercart.model import Channel, Purpose
from aftercart.rendering import names, sources, tags
from aftercart.rendering.renderer import Renderer, Template
from aftercart.rendering.sandbox import suggest
from aftercart.rendering.tags import Marked
from aftercart.rendering.vocabulary import sample_values

MAX_HTML = (
    90 * 1024
)  #: beyond about 102 KB some mailboxes cut a message off, and with it the unsubscribe link
MAX_SUBJECT = 45
PREVIEW = range(40, 111)
MAX_SMS_PARTS = 3
_FILE = {part: file for file, part in reversed(sources.FILES.items())}


def of_folder(home: Path, shown: str) -> Iterator[Problem]:
    """Files that are missing, or that nobody will read."""
    present = {
        p.name for p in home.iterdir() if p.is_file() and not p.name.startswith(".")
    }
    for file in sorted(present - set(sources.FILES)):
        hint = suggest(file, sources.FILES) or f"files: {', '.join(sources.FILES)}"
        yield Problem(
            f"{shown}/{file}", 1, 1, "this file is no part of a message", hint
        )
    if {"body.mjml", "body.html"} <= present:
        yield Problem(
            f"{shown}/body.html", 1, 1, "there is a body.mjml too", "keep one of them"
        )
    parts = {sources.FILES[file] for file in present & set(sources.FILES)}
    if parts - {"sms"}:
        for part in ("subject", "preview", "html"):
            if part not in parts:
                yield Problem(shown, 1, 1, f"an e-mail needs {_FILE[part]}")


def of_law(
    trees: Mapping[str, nodes.Template], purpose: Purpose, shown: str
) -> Iterator[Problem]:
    """What has to stand in every message of a purpose: a way out, and who wrote it."""
    service = purpose is Purpose.SERVICE
    for part in ("html", "text"):
        if part not in trees:
            continue
        file = f"{shown}/{_FILE[part]}"
        unsubscribe = names.uses(trees[part], "message.unsubscribe_url")
        if service and unsubscribe:
            hint = 'use {% include "_base/footer-service.…" %}'
            words = "a service message has no message.unsubscribe_url"
            yield Problem(file, 1, 1, words, hint)
        elif not service:
            hint = 'add {% include "_base/footer.…" %}'
            if not unsubscribe:
                words = f"a {purpose} message needs message.unsubscribe_url"
                yield Problem(file, 1, 1, words, hint)
            if not names.uses(trees[part], "shop.address"):
                words = f"a {purpose} message needs shop.address"
                yield Problem(file, 1, 1, words, hint)
    if "sms" in trees and not names.uses(trees["sms"], "shop.name"):
        yield Problem(
            f"{shown}/sms.txt",
            1,
            1,
            "an SMS begins with shop.name",
            "write {{ shop.name }}: …",
        )


def of_coupon(marked: Marked, tree: nodes.Template) -> Iterator[Problem]:
    """A code that the campaign does not bring: each of its messages would fail."""
    for found in tree.find_all(nodes.Name):
        if found.name == "coupon" and found.ctx == "load":
            words = "the campaign of this message brings no coupon"
            hint = "name it in campaigns/shop/coupons.yaml, or take the code out"
            yield tags.problem(marked.place(found.lineno, "coupon"), words, hint)


def of_sms_opt_out(
    template: Template, purpose: Purpose, shown: str
) -> Iterator[Problem]:
    """A marketing SMS says how to end it."""
    text = template.sources.get("sms", "")
    out = "message.unsubscribe_url" in text or "STOP" in text
    if text and purpose is not Purpose.SERVICE and not out:
        yield Problem(
            f"{shown}/sms.txt",
            1,
            1,
            "a marketing SMS must say how to end it",
            'for example "STOP to end"',
        )


def of_samples(renderer: Renderer, template: Template, shown: str) -> Iterator[Problem]:
    """Renders full and sparse samples and measures them.

    Raises:
        TemplateError: when a sample cannot be rendered.
    """
    for sparse in (False, True):
        values = sample_values(sparse=sparse, locale=template.locale)
        if {"subject", "html", "text"} <= template.sources.keys():
            mail = renderer.render(template, Channel.EMAIL, values)
            preview = renderer.preview(template, values)
            yield from _of_mail(mail.subject, preview, mail.html, shown)
        if "sms" in template.sources:
            text = renderer.render(template, Channel.SMS, values).text
            cost = sms.measure(text)
            if cost.parts > MAX_SMS_PARTS:
                words = f"this text costs {cost.parts} SMS in {cost.encoding}"
                hint = "; ".join(
                    filter(None, (f"at most {MAX_SMS_PARTS}", sms.advice(cost)))
                )
                yield Problem(f"{shown}/sms.txt", 1, 1, words, hint)


def _of_mail(subject: str, preview: str, html: str, shown: str) -> Iterator[Problem]:
    file = f"{shown}/{_FILE['subject']}"
    if not subject:
        yield Problem(file, 1, 1, "the subject is empty")
    if len(subject) > MAX_SUBJECT:
        words = f'"{subject}" has {len(subject)} characters'
        yield Problem(
            file, 1, 1, words, f"at most {MAX_SUBJECT}: a phone shows no more"
        )
    file = f"{shown}/{_FILE['preview']}"
    if preview and len(preview) not in PREVIEW:
        words = f'"{preview}" has {len(preview)} characters'
        yield Problem(
            file,
            1,
            1,
            words,
            f"write {PREVIEW[0]} to {PREVIEW[-1]}, which fill the line",
        )
    if subject and preview.startswith(subject):
        hint = "continue it instead"
        yield Problem(file, 1, 1, "the preview repeats the subject", hint)
    size = len(html.encode())
    if size > MAX_HTML:
        words = f"{size:,} bytes of HTML"
        hint = f"beyond {MAX_HTML:,} mailboxes cut the end off"
        yield Problem(f"{shown}/{_FILE['html']}", 1, 1, words, hint)
