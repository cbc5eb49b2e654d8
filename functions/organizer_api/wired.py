"""What the organizers' API is wired to, made once a process."""

from undersigned.wiring import Wiring

wiring = Wiring.of_environment()
access = wiring.access()
organizing = wiring.organizing()
