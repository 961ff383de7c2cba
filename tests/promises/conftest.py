"""The stages of the verbs' tests."""

from tests.verbs.conftest import stage

__all__ = ["stage"]
