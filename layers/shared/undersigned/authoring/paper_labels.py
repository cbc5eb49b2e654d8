"""Find out what the label of a blank asks for: `Print name:` asks for the signer's name."""

from __future__ import annotations

import re

_ASKS_FOR = {
    "signature": "signature", "sign": "signature", "signed": "signature",
    "date": "date", "dated": "date",
    "name": "signer.name",
    "address": "signer.address", "street": "signer.address_line",
    "city": "signer.locality", "town": "signer.locality", "village": "signer.locality",
    "state": "signer.region",
    "zip": "signer.postal_code", "zipcode": "signer.postal_code", "code": "signer.postal_code",
    "department": "target.department",
}  # fmt: skip
# No letter shows these. A blank for them is a mistake.
_ASKS_FOR |= dict.fromkeys(("email", "phone", "telephone", "cell", "mobile", "fax", "initials", "occupation"), "")

_PARTS_OF_ADDRESS = {"signer.address_line", "signer.locality", "signer.region", "signer.postal_code"}

# Words in labels that don't change what a label asks for.
_QUALIFIERS = frozenset(
    re.findall(
        r"\w+",
        """
        a and by clearly dd first full here home house in insert is last legal mailing mm my number of optional or
        please postal print printed resident s signer the this today type typed us writer yy your yyyy
        """,
    )
)

_TITLE = (
    r"\b(?:assembly|board|committee|council) ?member|\b(?:chief of police|alderman|chief|chair|clerk|commissioner|"
    r"governor|honorable|judge|mayor|principal|president|representative|senator|sheriff|superintendent|supervisor)"
)

# Words before a blank that are not a label.
_LEAD_INS = (
    (r"\bdear$|^(?:to|attn|attention)$", ("target.title", "target.name")),
    (rf"(?:{_TITLE})$|^dear(?: [\w.'’-]+){{1,5}}$", ("target.name",)),
    (rf"(?:{_TITLE}) (?:of|for)(?: the (?:city|town|village) of)?$", ("target.locality",)),
    (r"\bmy name is$|^i$", ("signer.name",)),
    (r"\b(?:live|living|reside|residing) at$", ("signer.address_line",)),
    (r"\b(?:(?:live|living|reside|residing) in|(?:resident|citizen) of)(?: the (?:city|town|village) of)?$",
     ("signer.locality",)),
    (r"\b(?:sincerely|respectfully|regards|yours|truly|faithfully|thank you)\b.{0,20}$", ("signature",)),
)  # fmt: skip

_LONGEST_LABEL = 100


def tags(*names: str) -> str:
    """Write merge fields: the state after a comma, the address on separate lines."""
    text = " ".join(f"{{{{ {name} }}}}" for name in names)
    for before, after in ((" {{ signer.address }}", "\n{{ signer.address }}"), ("locality }} ", "locality }}, ")):
        text = text.replace(before, after)
    return text


def without_markup(text: str) -> str:
    """Return a text without Markdown characters and without spaces around it."""
    return re.sub(r"[*_\\#>]", "", text).strip()


def fields_of_label(label: str) -> tuple[str, ...]:
    """Return the merge fields that a label asks for, or none if one of its words can't be in a label.

    Something that no letter shows is an empty text.
    """
    words = re.findall(r"[^\W\d_]+", without_markup(label).lower().replace("e-mail", "email"))
    if "{{" in label or not all(word in _ASKS_FOR or word in _QUALIFIERS for word in words):
        return ()
    # “Sign your name” asks for one thing.
    asked = [word for word in words if word in _ASKS_FOR and (word != "name" or "sign" not in words)]
    fields = dict.fromkeys(_ASKS_FOR[word] for word in asked)
    if "signer.address" in fields or {"signer.address_line", "signer.locality"} <= fields.keys():
        # An address includes the town.
        fields = dict.fromkeys("signer.address" if name in _PARTS_OF_ADDRESS else name for name in fields)
    return tuple(fields)


def last_sentence(words: str) -> str:
    """Return the words before a blank that can say what belongs there."""
    return re.split(r"[.;!?]\s+|\}\}", words[-_LONGEST_LABEL:])[-1]


def fields_after(words: str) -> tuple[str, ...]:
    """Return the merge fields for a blank after words such as `Name:`, `I live in` or `Sincerely,`."""
    last = last_sentence(words)
    plain = without_markup(last).lower().rstrip(" \t:,-–—")
    return next((fields for pattern, fields in _LEAD_INS if re.search(pattern, plain)), fields_of_label(last))
