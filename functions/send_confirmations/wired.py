"""What sending confirmations is wired to, made once a process."""

from undersigned.wiring import Wiring

wiring = Wiring.of_environment()
confirmations = wiring.confirmations()
