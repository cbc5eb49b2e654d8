"""What the organizers' API is wired to, made once a process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment()
access = stack.access()
sessions = stack.sessions()
organizing = stack.organizing()
