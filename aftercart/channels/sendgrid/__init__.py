"""SendGrid: how mail goes out (`send`) and what its signed events mean (`hooks`)."""

from aftercart.channels.sendgrid.hooks import read, verify
from aftercart.channels.sendgrid.send import SendGrid

__all__ = ["SendGrid", "read", "verify"]
