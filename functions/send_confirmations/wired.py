"""The services that send confirmations, made once per process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment(
    "table_name",
    "secret_arn",
    "organizers_secret_arn",
    "sender",
    "configuration_set",
    "waiting_mails_url",
    "dead_mails_url",
    "people_mails_url",
    "schedule",
    "budget_sizes",
    "accepts_reserved_domains",
    "mails_at_once",
)
confirmations = stack.signing.confirmations
