"""May this message go now? Pure decisions that return their reason: Send, Wait(until, why) or Skip(why).

The same code runs live, in a replay, in `explain` and in the tests. Nothing here asks what time it is.
"""

from aftercart.policy.caps import allow, places
from aftercart.policy.drafting import Draft, View
from aftercart.policy.holding_out import held_out
from aftercart.policy.sending import Facts, Held, decide, examine
from aftercart.policy.stepping import Advance, advance
from aftercart.policy.verdicts import Checked, Send, Skip, Verdict, Wait

__all__ = [
    "Advance",
    "Checked",
    "Draft",
    "Facts",
    "Held",
    "Send",
    "Skip",
    "Verdict",
    "View",
    "Wait",
    "advance",
    "allow",
    "decide",
    "examine",
    "held_out",
    "places",
]
