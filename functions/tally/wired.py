"""What the tally is wired to, made once a process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment("table_name")
tallying = stack.tallying()
publishing = stack.publishing()
