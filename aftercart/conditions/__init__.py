"""The small language in which campaigns say who and whether: `customer.orders >= 2 and not ordered('eggs', within='9 days')`.

Parsed with Python's own parser and a whitelist; nothing is ever executed as Python. One catalogue of fields drives the checks,
the predicate, the SQL, the documentation and the editor's schema.
"""

from aftercart.conditions.calls import TAG
from aftercart.conditions.catalogue import CATALOGUE, FUNCTIONS, Field, Kind, Scope
from aftercart.conditions.claims import Claim
from aftercart.conditions.contradicting import Finding, clash, findings
from aftercart.conditions.evaluating import Seen, predicate, trace
from aftercart.conditions.nodes import (
    Aggregate,
    And,
    Compare,
    Condition,
    Contains,
    Each,
    Fixed,
    Named,
    Node,
    Not,
    Or,
    Ordered,
    Tagged,
    categories,
    further,
    reach,
    sources,
)
from aftercart.conditions.parsing import ConditionError, Mistake, parse

__all__ = [
    "CATALOGUE",
    "FUNCTIONS",
    "TAG",
    "Aggregate",
    "And",
    "Claim",
    "Compare",
    "Condition",
    "ConditionError",
    "Contains",
    "Each",
    "Field",
    "Finding",
    "Fixed",
    "Kind",
    "Mistake",
    "Named",
    "Node",
    "Not",
    "Or",
    "Ordered",
    "Scope",
    "Seen",
    "Tagged",
    "categories",
    "clash",
    "findings",
    "further",
    "parse",
    "predicate",
    "reach",
    "sources",
    "trace",
]
