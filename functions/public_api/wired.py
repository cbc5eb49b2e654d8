"""What the public API is wired to, made once a process."""

from undersigned.wiring import Wiring

wiring = Wiring.of_environment()
signing = wiring.signing()
