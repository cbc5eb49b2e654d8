"""The settings of a local stack, which the program that starts it passes on to its process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from undersigned_cli.local.memory import Ports

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS = "UNDERSIGNED_LOCAL"
"""The environment variable with the settings."""

SENDER_IDENTITY = "enddemand.example"
SENDER_ADDRESS = f"letters@{SENDER_IDENTITY}"
OPERATOR_ADDRESS = f"operator@{SENDER_IDENTITY}"
ADMIN_EMAIL = f"administrator@{SENDER_IDENTITY}"
"""The administrator of a local stack. The inbox shows the emails with which they sign in."""

VARIABLES = {"FORMS_A_MINUTE": "300", "ACCEPT_RESERVED_DOMAINS": "true"}
"""What functions get in place of the template's values: everybody signs from here, with addresses like a@b.example."""

PARAMETERS = {
    "SenderIdentity": SENDER_IDENTITY,
    "SenderAddress": SENDER_ADDRESS,
    "OperatorEmail": OPERATOR_ADDRESS,
    "AdminEmail": ADMIN_EMAIL,
    # All signers of a demo or a test are on this machine, which counts as one network.
    "UnconfirmedMailsANetwork": "100000",
    "UnconfirmedMailsADomain": "100000",
}


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """How to run a stack: the folder of its state, its ports, whether schedules fire, and what replaces what."""

    state: Path
    ports: Ports
    schedules: bool
    parameters: Mapping[str, str]
    variables: Mapping[str, str]

    def as_json(self) -> str:
        """Return the settings as `of_json` reads them."""
        return json.dumps({**asdict(self), "state": str(self.state)})

    @classmethod
    def of_json(cls, text: str) -> LocalSettings:
        """Read settings."""
        known = json.loads(text)
        return cls(**{**known, "state": Path(known["state"]), "ports": Ports(**known["ports"])})
