"""Is there a template of this name for this channel? Looks at folders only; what is in them is for rendering to judge."""

from dataclasses import dataclass
from pathlib import Path

from aftercart.model import Channel
from aftercart.spelling import did_you_mean

_NEEDED: dict[Channel, tuple[tuple[str, ...], ...]] = {
    Channel.EMAIL: (("subject.txt",), ("body.mjml", "body.html")),
    Channel.SMS: (("sms.txt",),),
}


@dataclass(frozen=True)
class Templates:
    """The files of each template, by name. None at all means: not looked at."""

    files: dict[str, frozenset[str]] | None

    def lacking(self, name: str, channel: Channel) -> tuple[str, str] | None:
        """What is wrong with sending this template by this channel, and how to mend it; None when nothing is."""
        if self.files is None:
            return None
        if name not in self.files:
            return f'there is no template "{name}"', did_you_mean(name, self.files)
        have = self.files[name]
        missing = [
            " or ".join(choice)
            for choice in _NEEDED[channel]
            if not have.intersection(choice)
        ]
        if not missing:
            return None
        words = f'the template "{name}" has no {" and no ".join(missing)}'
        return words, f"add it to templates/{name}/"


def look(folder: Path) -> Templates:
    """The templates of a folder; every folder in it that does not begin with `_` or a dot is one."""
    if not folder.is_dir():
        return Templates(None)
    homes = [p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "_."]
    return Templates(
        {home.name: frozenset(f.name for f in home.iterdir()) for home in homes}
    )
