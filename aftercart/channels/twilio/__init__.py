"""Twilio: how texts go out (`send`, over `pool`) and what its signed reports mean (`hooks`)."""

from aftercart.channels.twilio.hooks import read_status, reply, verify
from aftercart.channels.twilio.send import Twilio

__all__ = ["Twilio", "read_status", "reply", "verify"]
