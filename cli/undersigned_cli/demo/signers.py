"""The demo's signers: fictional people with names from many languages and email addresses that reach nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.campaigns.rules.campaigns import Target

_NAMES = (
    "Ada Sample", "Benoît Échantillon", "Carla Muster", "Dmitri Образцов", "Eleni Δείγμα", "Farid نموذج",
    "Grace Sample", "Hana 見本", "Ingrid Prøve", "João Amostra", "Kateřina Vzorová", "Liam Standin",
    "Mei 样本", "Noa דוגמה", "Olu Àpẹẹrẹ", "Priya नमूना", "Quynh Mẫu", "Rosa Ejemplo",
    "Siti Contoh", "Thandi Isibonelo", "Uma Placeholder", "Vikram Madeup", "Wren Notional", "Ximena Inventada",
    "Yusuf Örnek", "Zoë Voorbeeld", "Somchai ตัวอย่าง", "Ji-woo 견본", "Lucía Ficticia", "Piotr Przykład",
    "Astrid Exempel", "Bram Proef", "Chidi Mfano", "Dora Példa", "Emre Deneme", "Fatou Misaal",
)  # fmt: skip

ARABIC = "ليلى النموذج"
CHINESE = "王样本"
HOSTILE = '<script>alert("x")</script> & {{ 7*7 }} #import \\textbf{Bobby}'


@dataclass(frozen=True, slots=True)
class DemoSigner:
    """A signer's form."""

    name: str
    email: str
    address_line: str
    locality: str
    postal_code: str
    target: str
    note: str = ""

    def form(self) -> dict[str, str]:
        """Return the form's fields as a browser posts them."""
        return {
            "name": self.name,
            "email": self.email,
            "address_line": self.address_line,
            "locality": self.locality,
            "region": "IL",
            "postal_code": self.postal_code,
            "target": self.target,
            "signature": self.name,
            "note": self.note,
        }


def demo_signers(targets: list[Target], per_target: int) -> tuple[DemoSigner, ...]:
    """Return `per_target` signers from each target's town; three from the first one have names that test the letter."""
    signers = list(_people(targets, per_target))
    for position, name in enumerate((ARABIC, CHINESE, HOSTILE)):
        signers[position] = replace(signers[position], name=name)
    return tuple(signers)


def _people(targets: list[Target], per_target: int) -> Iterator[DemoSigner]:
    number = 0
    for target in targets:
        for _ in range(per_target):
            number += 1
            yield DemoSigner(
                name=_NAMES[number % len(_NAMES)],
                email=f"signer{number:03d}@signers.example",
                address_line=f"{100 + number} Sample Street",
                locality=target.locality,
                postal_code=target.postal_codes[0],
                target=target.id,
                note="I have lived here for years, and I want this to change." if number % 5 == 0 else "",
            )
