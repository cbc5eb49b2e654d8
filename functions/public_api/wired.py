"""What the public API is wired to, made once a process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment("table_name", "secret_arn", "packet_bucket", "forms_a_minute", "schedule")
signing = stack.signing()
