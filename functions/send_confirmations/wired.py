"""What sending confirmations is wired to, made once a process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment(
    "table_name", "secret_arn", "sender", "configuration_set", "waiting_mails_url", "schedule"
)
confirmations = stack.confirmations()
