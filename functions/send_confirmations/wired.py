"""What sending confirmations is wired to, made once a process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment()
confirmations = stack.confirmations()
