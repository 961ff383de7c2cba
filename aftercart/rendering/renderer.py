"""What does this customer see? Templates from their folder, compiled once per version, filled in with plain values.

The hot path opens no file, makes no environment and compiles nothing.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import jinja2
import structlog
from mjml import mjml2html

from aftercart import locales
from aftercart.campaigns import Place
from aftercart.errors import Problem, TemplateError
from aftercart.handover import Rendered
from aftercart.model import Channel
from aftercart.rendering import constructs, names, plain, sources, tags
from aftercart.rendering.pressing import ToHtml
from aftercart.rendering.sandbox import Sandbox, printable
from aftercart.rendering.sources import Sources

MAX_HTML = 256 * 1024
MAX_TEXT = 256 * 1024
MAX_SMS = 1600
MAX_SUBJECT = 200
_LIMITS = {"html": MAX_HTML, "text": MAX_TEXT, "sms": MAX_SMS, "subject": MAX_SUBJECT}
_log = structlog.get_logger(__name__)

_LOCALE = "locale"  #: where what is kept of a template says its language
_KEPT = 256  #: compiled versions in memory; more are in use only while old messages are looked at
_AT_ONCE = 4096  #: pieces of a text that are joined before its length is looked at


@dataclass(frozen=True)
class Template:
    """The finished texts of one message. `sources` has the keys subject, preview, html, text, sms as far as present.

    It has `locale` too where that is not the usual one, so that what is kept of a template is enough to show it again.
    """

    name: str
    version: str
    sources: Mapping[str, str]
    places: Mapping[str, tuple[Place, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def from_sources(cls, name: str, sources: Mapping[str, str]) -> "Template":
        """A template as it once was, from what was kept of it."""
        texts = dict(sources)
        locale = texts.pop(_LOCALE, locales.DEFAULT)
        return cls._of(name, Sources(texts=texts, places={}, locale=locale))

    @classmethod
    def _of(cls, name: str, made: Sources) -> "Template":
        kept = dict(made.texts)
        if made.locale != locales.DEFAULT:
            kept[_LOCALE] = made.locale
        return cls(name, made.version, MappingProxyType(kept), made.places)

    @property
    def locale(self) -> str:
        """The language that it speaks, and in which its values have to be filled in."""
        return self.sources.get(_LOCALE, locales.DEFAULT)

    def __hash__(self) -> int:
        return hash((self.name, self.version))


class Renderer:
    """The templates of one folder; `locale` is the language of those files that stand in no folder of a language."""

    def __init__(
        self,
        folder: Path,
        *,
        locale: str = locales.DEFAULT,
        to_html: ToHtml = mjml2html,
    ) -> None:
        self.folder = folder
        self.locale = locale
        self.to_html = to_html
        self._templates: dict[tuple[str, str], tuple[object, Template]] = {}
        #: those that could never be used, each with what it was then: it is not read again for every message
        self._refused: dict[tuple[str, str], tuple[object, list[Problem]]] = {}
        self._parts: OrderedDict[tuple[str, str, str], _Part] = OrderedDict()
        self._lock = threading.Lock()

    def template(self, name: str, wanted: str = "") -> Template:
        """The template as its files are now; they are compiled again only when one of them has changed.

        It speaks the wanted language where it has been translated, else the shop's. A message is never half in one and half in
        another: shared pieces follow the template.

        A change that cannot be used is logged, and the template goes on as it was until its files change again.

        Raises:
            TemplateError: with every problem that keeps the template from being used, where it never was.
        """
        locale = self._spoken(name, wanted)
        stamp = [
            _stamp(self.folder / home / tongue)
            for home in (name, sources.SHARED)
            for tongue in ("", *locales.chain(locale))
        ]
        known = self._templates.get((name, locale))
        if known and known[0] == stamp:
            return known[1]
        refused = self._refused.get((name, locale))
        if refused and refused[0] == stamp:
            raise TemplateError(refused[1])
        with self._lock:
            try:
                template = self._compile(name, locale, strict=known is not None)
            except TemplateError as error:
                if known is None:
                    self._refused[(name, locale)] = (stamp, error.problems)
                    raise
                _log.error("a template goes on as it was", problem=str(error))
                template = known[1]
            self._templates[name, locale] = (stamp, template)
        return template

    def _spoken(self, name: str, wanted: str) -> str:
        if not wanted or wanted == self.locale:
            return self.locale
        there = [t for t in locales.chain(wanted) if (self.folder / name / t).is_dir()]
        return locales.spoken(wanted, own=self.locale, translated=there)

    def _compile(self, name: str, locale: str, *, strict: bool) -> Template:
        """`strict` also looks for names that no message has: those of a new version would fail with each of them."""
        made = sources.read(self.folder, name, to_html=self.to_html, locale=locale)
        problems: list[Problem] = []
        for part, text in made.texts.items():
            marked = tags.Marked(tags.split(text, part), made.places[part])
            problems += constructs.problems(marked)
            tree, _ = constructs.parse(marked) if strict else (None, ())
            if tree is not None:
                problems += names.problems(marked, tree)
        if problems:
            raise TemplateError(sorted(set(problems)))
        return Template._of(name, made)

    def render(
        self, template: Template, channel: Channel, values: Mapping[str, Any]
    ) -> Rendered:
        """The message for one customer.

        Raises:
            TemplateError: when a name or a part is missing, or the message is longer than may be sent.
        """
        if channel is Channel.SMS:
            return Rendered(text=self._filled(template, "sms", values).strip())
        return Rendered(
            subject=printable(
                " ".join(self._filled(template, "subject", values).split())
            ),
            html=self._filled(template, "html", values),
            text=self._filled(template, "text", values).strip() + "\n",
        )

    def preview(self, template: Template, values: Mapping[str, Any]) -> str:
        """The line that mailboxes show beside the subject; empty when the template has none.

        Raises:
            TemplateError: when a name is missing.
        """
        if "preview" not in template.sources:
            return ""
        return " ".join(self._filled(template, "preview", values).split())

    def _filled(self, template: Template, part: str, values: Mapping[str, Any]) -> str:
        key = (template.name, template.version, part)
        ready = self._parts.get(key)
        if ready is None:
            ready = self._parts[key] = _Part(template, part)
            if len(self._parts) > _KEPT:
                self._parts.popitem(last=False)
        return ready.fill(values)


@lru_cache(maxsize=128)
def _sandbox(*, html: bool, locale: str) -> Sandbox:
    return Sandbox(html=html, locale=locale)


class _Part:
    """One compiled text."""

    def __init__(self, template: Template, part: str) -> None:
        if part not in template.sources:
            file = f"templates/{template.name}"
            raise TemplateError([Problem(file, 1, 1, f"has no {_FILE_OF[part]}")])
        file = f"templates/{template.name}, {part}, version {template.version}"
        self._marked = tags.Marked(
            tags.split(template.sources[part], file), template.places.get(part, ())
        )
        self._made = plain.is_made(template.sources[part])
        self._limit = _LIMITS.get(part, MAX_TEXT)
        self._name = f"{template.name}/{part}"
        self._file = f"<{self._name} {template.version}>"
        sandbox = _sandbox(html=part == "html", locale=template.locale)
        try:
            code = sandbox.compile(self._marked.source, self._name, self._file)
        except (jinja2.TemplateError, SyntaxError, RecursionError) as error:
            line = getattr(error, "lineno", 1) or 1
            raise self._error(line, error) from error
        self._template = jinja2.Template.from_code(sandbox, code, sandbox.globals)
        self._root: Callable[..., Any] = self._template.root_render_func

    def fill(self, values: Mapping[str, Any]) -> str:
        try:
            text = self._joined(self._root(self._template.new_context(dict(values))))
        except Exception as error:  # whatever a template does wrong is one message's failure, never the worker's
            raise self._error(self._line(error.__traceback__), error) from error
        if len(text) > self._limit:
            words = f"more than {self._limit:,} characters, which is the most that may be sent"
            raise TemplateError([tags.problem(self._marked.place(1), words)])
        return plain.tidy(text) if self._made else text

    def _joined(self, pieces: Iterator[str]) -> str:
        """Up to the limit and a little more: what is too long is not made to its end."""
        text = ""
        while len(text) <= self._limit and (some := [*islice(pieces, _AT_ONCE)]):
            text += "".join(some)
        return text

    def _line(self, trace: TracebackType | None) -> int:
        line = 1
        while trace:
            if trace.tb_frame.f_code.co_filename == self._file:
                line = self._template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        return line

    def _error(self, line: int, error: Exception) -> TemplateError:
        words = getattr(error, "message", None) or str(error) or type(error).__name__
        message, _, hint = words.partition("; ")
        named = message.split('"')[1] if message.count('"') > 1 else ""
        place = self._marked.place(line, named)
        return TemplateError([tags.problem(place, message, hint)])


_FILE_OF = {part: file for file, part in reversed(sources.FILES.items())}


def _stamp(folder: Path) -> object:
    """What changes when a file of the folder is written, added or taken away."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                (e.name, (s := e.stat()).st_mtime_ns, s.st_size, s.st_ino)
                for e in entries
            )
    except OSError:
        return None
