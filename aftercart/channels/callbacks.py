"""What does a stored callback say? Each provider's reader, by the name under which the callback was kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from aftercart.channels.sendgrid import hooks as sendgrid
from aftercart.channels.twilio import hooks as twilio
from aftercart.errors import HookError
from aftercart.handover import ProviderEvent

_Read = Callable[[str, bytes, datetime], list[ProviderEvent]]


def read(provider: str, *, path: str, body: bytes, at: datetime) -> list[ProviderEvent]:
    """The events of a verified callback; `path` is what its URL said, `at` when it came.

    Raises:
        HookError: when it cannot be read, or nobody here reads that provider.
    """
    if provider not in _READERS:
        raise HookError(f"nobody reads callbacks of {provider!r}")
    return _READERS[provider](path, body, at)


def _sendgrid(path: str, body: bytes, at: datetime) -> list[ProviderEvent]:
    return sendgrid.read(body)


def _twilio(path: str, body: bytes, at: datetime) -> list[ProviderEvent]:
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    form = {name: value.replace("\0", "") for name, value in pairs}
    # a status report comes to the address that we gave for its message; what customers text comes to no message's
    if not path and "Body" in form:
        return [twilio.read_inbound(form, at=at)]
    return [twilio.read_status(path, form, at=at)]


_READERS: Mapping[str, _Read] = {"sendgrid": _sendgrid, "twilio": _twilio}

#: The providers that report; the silence of another says nothing.
REPORTING = frozenset(_READERS)
