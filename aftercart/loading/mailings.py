"""What does a step that sends say? Channel, template, fallback, hours and variants, with what is wrong between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from aftercart.campaigns import Send, Variant
from aftercart.loading.bench import Bench
from aftercart.loading.documents import Path_
from aftercart.loading.schema import MessageShape, StepShape
from aftercart.loading.templates import Templates
from aftercart.model import Channel, Purpose

#: How long a message stays useful where the file does not say. Service messages must say it themselves.
_EXPIRES = timedelta(days=2)
_LONGEST = timedelta(days=30)
#: The keys that belong to a step that sends.
OF_SEND = ("between", "expires", "fallback", "content", "variants")


@dataclass
class Mailings(Bench):
    """Builds the sends of one campaign."""

    templates: Templates
    purpose: Purpose

    def send(
        self, shape: StepShape, message: MessageShape, path: Path_
    ) -> Iterator[Send]:
        """The send, or nothing after its mistakes were added to `problems`."""
        first = self._message(message, (*path, "send"))
        other = None
        if shape.fallback is not None:
            other = self._message(shape.fallback, (*path, "fallback"))
            if first and other and first[0] is other[0]:
                words = f"the fallback goes by {other[0]} too"
                self.wrong((*path, "fallback"), words, "use the other channel")
        if shape.content and self.shop is not None and not self.shop.recipes:
            words = "there are no recipes"
            self.wrong((*path, "content"), words, "write some into shop/recipes.yaml")
        expires = self._expires(shape, path)
        variants = self._variants(shape, first, path)
        if first is None:
            return
        yield Send(
            channel=first[0],
            template=first[1],
            expires=expires,
            between=shape.between,
            fallback=other,
            content=shape.content or "",
            place=self.place((*path, "send")),
            variants=variants,
        )

    def _message(self, shape: MessageShape, path: Path_) -> tuple[Channel, str] | None:
        if not self.one_of(path, shape.model_fields_set, ("email", "sms")):
            return None
        channel = Channel.EMAIL if shape.email is not None else Channel.SMS
        template = shape.email or shape.sms or ""
        lacking = self.templates.lacking(template, channel)
        if lacking:
            self.wrong((*path, channel.value), *lacking)
        return channel, template

    def _expires(self, shape: StepShape, path: Path_) -> timedelta:
        if shape.expires is None:
            if self.purpose is Purpose.SERVICE:
                words = "a service message must say when it is no use any more"
                self.wrong(path, words, 'write "expires: 30 minutes" here')
            return _EXPIRES
        if shape.expires > _LONGEST:
            words = f"no message is of use for more than {_LONGEST.days} days"
            hint = f'write "expires: {_LONGEST.days} days" or less'
            self.wrong((*path, "expires"), words, hint)
        return shape.expires

    def _variants(
        self, shape: StepShape, first: tuple[Channel, str] | None, path: Path_
    ) -> tuple[Variant, ...]:
        """The templates that lots are drawn among; what no share is said of is divided equally."""
        if shape.variants is None:
            return ()
        path, said = (*path, "variants"), shape.variants
        if len(said) < 2:
            self.wrong(path, "one variant is none", "write two or more", key=True)
            return ()
        for name, variant in said.items():
            lacking = first and self.templates.lacking(variant.template, first[0])
            if lacking:
                self.wrong((*path, name), *lacking)
        if first and first[1] not in [v.template for v in said.values()]:
            words = f'"{first[1]}" is sent, and is none of the variants'
            self.wrong(path, words, f"add it: {{…: {first[1]}}}", key=True)
        taken = sum(v.share or 0.0 for v in said.values())
        open_ = sum(v.share is None for v in said.values())
        if (open_ and taken > 1 - 1e-9) or (not open_ and abs(taken - 1) > 1e-9):
            words = f"the shares of the variants come to {100 * taken:g} %"
            hint = "let them come to 100 %, or leave one out: it gets the rest"
            self.wrong(path, words, hint, key=True)
            return ()
        rest = (1 - taken) / open_ if open_ else 0.0
        return tuple(
            Variant(name, v.template, v.share or rest) for name, v in said.items()
        )
