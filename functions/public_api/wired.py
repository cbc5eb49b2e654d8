"""What the public API is wired to, made once a process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment()
signing = stack.signing()
