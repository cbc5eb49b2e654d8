"""What the tally is wired to, made once a process."""

from undersigned.wiring import Wiring

wiring = Wiring.of_environment()
tallying = wiring.tallying()
publishing = wiring.publishing()
