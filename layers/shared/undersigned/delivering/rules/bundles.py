"""Bundles: the letters of a delivery, sealed for good.

They form a log that only grows: each seals up to 99 letters, and an empty one closes the delivery. It takes the next
number, so nothing more can be sealed, and the content of the email can't change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, overload, override

from undersigned.base.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable

_ID = 16
"""Bytes of a signer's id."""


@dataclass(frozen=True, slots=True)
class Bundle(Row):
    """Letters sealed in one transaction, by their signers' ids. A bundle without letters closes the delivery."""

    pk, sk = "DELIVERY#{campaign}#{target}", "BUNDLE#{period}#{number:04d}"

    number: int
    signers: tuple[str, ...]
    sealed_at: datetime

    @property
    def closes(self) -> bool:
        """Say whether this is the last bundle."""
        return not self.signers


class Signers(Sequence[str]):
    """Ids of signers in 16 bytes each. A million of them as strings would take 90 MB while packets are typeset."""

    def __init__(self, signers: Iterable[str]) -> None:
        """Keep the ids: 128 bits, in hexadecimal digits."""
        self._ids = bytearray()
        for signer in signers:
            self._ids += int(signer, 16).to_bytes(_ID)

    def __len__(self) -> int:
        return len(self._ids) // _ID

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...

    @override
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = range(len(self))[index] * _ID
        return self._ids[place : place + _ID].hex()


def sealed_in(bundles: Iterable[Bundle]) -> Signers:
    """Return the signers of the letters in bundles, in order."""
    return Signers(signer for bundle in bundles for signer in bundle.signers)
