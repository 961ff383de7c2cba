"""The faces that speak HTTP: events in, callbacks in, the customer's pages, the console."""

from aftercart.web.app import create_app

__all__ = ["create_app"]
