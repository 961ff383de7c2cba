"""When will this customer need it again? Pure: from what they bought, and when."""

from aftercart.forecasting.needs import (
    MEMORY,
    SOONEST_DAYS,
    add_purchase,
    expected_days,
    nudge_at,
)
from aftercart.forecasting.rhythms import (
    Buyer,
    Rhythm,
    bought,
    from_purchases,
    together,
)

__all__ = [
    "MEMORY",
    "SOONEST_DAYS",
    "Buyer",
    "Rhythm",
    "add_purchase",
    "bought",
    "expected_days",
    "from_purchases",
    "nudge_at",
    "together",
]
