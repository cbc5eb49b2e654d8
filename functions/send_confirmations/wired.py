"""The services that send confirmations, made once per process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment(
    "table_name", "secret_arn", "sender", "configuration_set", "waiting_mails_url", "schedule"
)
confirmations = stack.confirmations()
confirmations_of_stream = stack.confirmations(patience=0)
