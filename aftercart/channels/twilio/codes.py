"""Which of Twilio's numbers say something lasting? https://www.twilio.com/docs/api/errors

Twilio keeps splitting its codes into finer ones, so a code that is not listed is judged by its HTTP status alone.
"""

PROVIDER = "twilio"

#: About the number: why it must not be tried again.
SUPPRESS = {
    21211: "invalid_number",  # not a number
    21610: "stop",  # the person answered STOP
    21614: "invalid_number",  # not a mobile number
    30005: "invalid_number",  # unknown handset
    30006: "invalid_number",  # landline
}

#: About our account or our sender: no message goes until a person acts.
ACCOUNT = frozenset(
    {
        20003,  # the key is wrong
        20005,  # the account is not active
        20008,  # test credentials
        21212,  # the sender is not a number
        21603,  # there is no sender
        21659,  # the sender is not ours
        21660,  # the sender belongs to another account
        21703,  # the messaging service has no sender
        21705,  # there is no such messaging service
        30002,  # the account is suspended
    }
)

#: In a report: what the operator minds. It will mind it in the next one too.
BLAMES = {
    30007: "content",
    30034: "sender",
}

#: In a report, instead of a bare number.
WORDS = {
    30001: "Twilio's queue is full",
    30003: "the phone is switched off or out of reach",
    30004: "the operator blocks it",
    30005: "the number is not in use",
    30006: "a landline, or an operator that takes no texts",
    30007: "filtered as spam by the operator",
    30008: "failed for a reason that the operator does not give",
    30034: "the sender is not registered for US numbers",
    30450: "held back: it looks like SMS pumping",
}
