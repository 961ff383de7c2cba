"""What is at hand while a campaign is built from its file: the document, the shop, and a list for what is wrong."""

from dataclasses import dataclass

from aftercart.campaigns import Place
from aftercart.conditions import Condition
from aftercart.errors import Problem
from aftercart.loading import wording
from aftercart.loading.documents import Document, Path_
from aftercart.shop import Shop


@dataclass
class Bench:
    """`shop` is None where the shop's own files have mistakes."""

    document: Document
    shop: Shop | None
    problems: list[Problem]

    def wrong(
        self, path: Path_, message: str, hint: str = "", *, key: bool = False
    ) -> None:
        self.problems.append(self.document.problem(path, message, hint, key=key))

    def one_of(self, path: Path_, keys: set[str], choice: tuple[str, ...]) -> bool:
        """Whether exactly one of these keys is there, and with a value."""
        found = [key for key in choice if key in keys]
        data = self.document.data
        for step in path:
            data = data[step]
        if len(found) != 1:
            words = f"one of {', '.join(choice)} is needed here"
            hint = f"{', '.join(found)} are there" if found else "none is there"
            self.wrong(path, words, hint, key=True)
        elif data[found[0]] is None:
            self.wrong(
                (*path, found[0]), f'nothing stands after "{found[0]}:"', key=True
            )
            return False
        return len(found) == 1

    def condition(
        self, text: str | None, path: Path_, about: frozenset[str]
    ) -> Condition | None:
        if text is None:
            return None
        found = wording.read(
            self.document,
            text,
            path,
            about=about,
            problems=self.problems,
            named=self.shop.audiences if self.shop else {},
        )
        if found and self.shop:
            known = self.shop.categories
            self.problems += wording.slips(self.document, found, path, known=known)
        return found

    def place(self, path: Path_) -> Place:
        return Place(self.document.file, *self.document.spot(path, key=True))
