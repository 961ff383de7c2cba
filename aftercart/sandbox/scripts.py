"""What does a script of faults say? YAML to a `Script`; every mistake at once, with its place and how to mend it."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aftercart.errors import ConfigError, Problem
from aftercart.loading import documents
from aftercart.loading.documents import Document
from aftercart.sandbox import deeds
from aftercart.sandbox.deeds import PROVIDERS
from aftercart.sandbox.faults import CALM, Fault, Script, Webhooks, Window
from aftercart.spelling import did_you_mean

_Path = tuple[str | int, ...]

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)(?:\s*-\s*(\d+(?:\.\d+)?))?\s*(ms|s|min|h)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_COUNT = re.compile(r"(\d{1,4})(?:\s*-\s*(\d{1,4}))?")
_LONGEST = 7 * 24 * 3600.0
_MOST_COPIES = 1000

_FAULT = (
    "provider", "share", "from", "until", "request", "do", "for", "after", "reset", "words",
)  # fmt: skip


def read(path: Path) -> Script:
    """The script in a file.

    Raises:
        ConfigError: with every mistake in it.
    """
    return _script(documents.read(path, file=str(path)))


def parse(source: str, *, file: str) -> Script:
    """The script in a text; an empty one is calm.

    Raises:
        ConfigError: with every mistake in it.
    """
    return _script(documents.parse(source, file=file)) if source.strip() else CALM


def _script(document: Document) -> Script:
    reader = _Reader(document)
    script = reader.script()
    if reader.problems:
        raise ConfigError(reader.problems)
    return script


class _Reader:
    """Walks through a document and notes what it does not understand."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def script(self) -> Script:
        said = self.mapping((), ("seed", "faults", "latency", "webhooks"))
        seed = said.get("seed", 0)
        if not isinstance(seed, int) or isinstance(seed, bool):
            seed = self.wrong(("seed",), "the seed is a whole number", 0)
        faults = said.get("faults") or []
        if not isinstance(faults, list):
            faults = self.wrong(
                ("faults",), "the faults are a list: begin each with a dash", []
            )
        waits = self.mapping(("latency",), (*PROVIDERS, "spread"))
        times = {name: self.seconds(("latency", name)) for name in waits}
        return Script(
            seed=seed,
            faults=tuple(self.fault(("faults", n)) for n in range(len(faults))),
            spread=times.pop("spread", 0.0),
            latency=times,
            webhooks=self.webhooks(("webhooks",)),
        )

    def fault(self, path: _Path) -> Fault:
        said = self.mapping(path, _FAULT)
        word = self.word((*path, "do"), deeds.WORDS, said.get("do"))
        chosen: Sequence[str] = PROVIDERS
        if "provider" in said:
            named = self.word((*path, "provider"), PROVIDERS, said["provider"])
            chosen = (named,) if named else ()
        number = said.get("request", 0)
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            number = self.wrong(
                (*path, "request"), "say which request for a message: 1, 2 …", 0
            )
        told = self.details(path, said, word)
        return Fault(
            {name: deeds.outcome(word, name, **told) for name in chosen if word},
            share=self.share((*path, "share")) if "share" in said else 1.0,
            window=self.window(path, said),
            request=number,
        )

    def details(
        self, path: _Path, said: Mapping[str, Any], word: str
    ) -> dict[str, Any]:
        """What belongs to some words only."""
        told: dict[str, Any] = {}
        rules: list[tuple[str, Sequence[str], str]] = [
            ("for", deeds.TIMED, "seconds"),
            ("after", deeds.PUT_OFF, "after"),
            ("reset", deeds.PUT_OFF, "reset_in"),
        ]
        for key, fits, name in rules:
            if key not in said:
                continue
            if word and word not in fits:
                words = f'"{key}" means nothing for {word}'
                self.wrong((*path, key), words, None, f"it is for {', '.join(fits)}")
            seconds = self.seconds((*path, key))
            told[name] = seconds if key == "for" else round(seconds)
        if "words" in said:
            told["words"] = str(said["words"])
        return told

    def webhooks(self, path: _Path) -> Webhooks:
        said = self.mapping(
            path, ("copies", "shuffle", "delay", "lose", "forge", "hold")
        )
        shuffle = said.get("shuffle", False)
        if not isinstance(shuffle, bool):
            shuffle = self.wrong((*path, "shuffle"), "write true or false", False)
        return Webhooks(
            copies=self.copies((*path, "copies")) if "copies" in said else (1, 1),
            shuffle=shuffle,
            delay=self.times((*path, "delay")) if "delay" in said else (0.0, 0.0),
            lose=self.share((*path, "lose")) if "lose" in said else 0.0,
            forge=self.share((*path, "forge")) if "forge" in said else 0.0,
            hold=self.hold((*path, "hold"), said.get("hold", False)),
        )

    def hold(self, path: _Path, said: object) -> Window | None:
        if isinstance(said, bool):
            return Window() if said else None
        return self.window(path, self.mapping(path, ("from", "until")))

    def window(self, path: _Path, said: Mapping[str, Any]) -> Window:
        start = self.seconds((*path, "from")) if "from" in said else 0.0
        end = self.seconds((*path, "until")) if "until" in said else float("inf")
        if end <= start:
            words = "it is over before it begins"
            self.wrong((*path, "until"), words, None, "until comes after from")
        return Window(start, end)

    # What a value may be.

    def mapping(self, path: _Path, known: Sequence[str]) -> dict[str, Any]:
        said = self.value(path)
        if said is None:
            return {}
        if not isinstance(said, dict):
            return dict(
                self.wrong(path, f"here are keys expected: {', '.join(known)}", {})
            )
        for key in said:
            if key not in known:
                hint = did_you_mean(key, known)
                self.problems.append(
                    self.document.problem(
                        (*path, key), f'there is no "{key}" here', hint, key=True
                    )
                )
        return {key: value for key, value in said.items() if key in known}

    def word(self, path: _Path, known: Sequence[str], said: object) -> str:
        if said is None:
            return str(self.wrong(path[:-1], f'"{path[-1]}" is missing', ""))
        if said in known:
            return str(said)
        hint = did_you_mean(str(said), known, most=30)
        return str(self.wrong(path, f'"{said}" is not known', "", hint))

    def share(self, path: _Path) -> float:
        found = _SHARE.fullmatch(str(self.value(path)))
        if found and float(found[1]) <= 100:
            return float(found[1]) / 100
        return float(self.wrong(path, "this is no share", 0.0, "for example 2%"))

    def seconds(self, path: _Path) -> float:
        low, high = self.times(path)
        if low != high:
            self.wrong(path, "one time is expected, not a range", None)
        return low

    def times(self, path: _Path) -> tuple[float, float]:
        def made(found: "re.Match[str]") -> tuple[float, float]:
            unit = _SECONDS[found[3]]
            return float(found[1]) * unit, float(found[2] or found[1]) * unit

        hint = "write a number and ms, s, min or h: 80 ms, 1-30 s"
        return self.pair(path, _TIME, made, (0.0, _LONGEST), "this is no time", hint)

    def copies(self, path: _Path) -> tuple[int, int]:
        def made(found: "re.Match[str]") -> tuple[float, float]:
            return float(found[1]), float(found[2] or found[1])

        limits, hint = (1.0, float(_MOST_COPIES)), "for example 2, or 1-46"
        low, high = self.pair(
            path, _COUNT, made, limits, "this is no number of copies", hint
        )
        return int(low), int(high)

    def pair(
        self,
        path: _Path,
        form: "re.Pattern[str]",
        made: "Callable[[re.Match[str]], tuple[float, float]]",
        limits: tuple[float, float],
        words: str,
        hint: str,
    ) -> tuple[float, float]:
        found = form.fullmatch(str(self.value(path)).strip())
        least, most = limits
        if found:
            low, high = made(found)
            if least <= low <= high <= most:
                return low, high
        self.wrong(path, words, None, hint)
        return least, least

    def value(self, path: _Path) -> Any:
        here = self.document.data
        for step in path:
            if isinstance(here, dict) and isinstance(step, str):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int):
                here = here[step]
            else:
                return None
        return here

    def wrong(self, path: _Path, words: str, instead: Any, hint: str = "") -> Any:
        self.problems.append(self.document.problem(path, words, hint))
        return instead
