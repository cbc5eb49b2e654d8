"""The tally's services, made once per process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment("table_name")
tallying = stack.tallying()
publishing = stack.publishing()
