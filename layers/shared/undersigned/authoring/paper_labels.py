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
    "addressee": "target.title", "recipient": "target.title",
}  # fmt: skip

# A letter can have any other title if its salutation has it, too: see `title_in_salutation`.
_TITLES = frozenset(
    re.findall(
        r"\w+",
        """
        alderman alderperson alderwoman assemblyman assemblymember assemblyperson assemblywoman attorney auditor chief
        chair chairman chairperson chairwoman chancellor clerk commissioner comptroller congressman congressperson
        congresswoman constable coroner councillor councilman councilmember councilor councilperson councilwoman
        delegate governor judge magistrate mayor minister ombudsman premier president principal prosecutor provost
        representative secretary selectman selectwoman senator sheriff superintendent supervisor treasurer trustee
        """,
    )
)
_MEMBER = r"(?:assembly|board|committee|council) ?member"
_ASKS_FOR |= dict.fromkeys((*_TITLES, "member"), "target.title")

_PARTS_OF_ADDRESS = {"signer.address_line", "signer.locality", "signer.region", "signer.postal_code"}

# Words in labels that don't change what a label asks for.
_QUALIFIERS = frozenset(
    re.findall(
        r"\w+",
        """
        a and assembly board by citizen clearly committee council dd first full here home house in insert is last legal
        mailing mm my number of optional or please police postal print printed resident s signer the this today type
        typed us writer yy your yyyy
        """,
    )
)
_INSTRUCTIONS = frozenset({"print", "type", "optional"})

# No letter shows these. A blank for them is a mistake.
_NO_FIELD = frozenset({"email", "phone", "telephone", "cell", "mobile", "fax", "birth", "initials", "occupation"})

# Words before a blank that are not a label.
_LEAD_INS = (
    (r"\bdear$|^(?:to|attn|attention)$", ("target.title", "target.name")),
    (rf"\b(?:{'|'.join(sorted(_TITLES))}) (?:of|for)(?: the (?:city|town|village) of)?$", ("target.locality",)),
    (rf"\b(?:{'|'.join(sorted(_TITLES))}|chief of police|{_MEMBER}|honorable)$", ("target.name",)),
    (r"^dear(?: [\w.'’-]+){1,5}$", ("target.name",)),
    (r"\bmy name is$|^i$", ("signer.name",)),
    (r"\b(?:live|living|reside|residing) at$", ("signer.address_line",)),
    (r"\b(?:live|living|reside|residing) in$", ("signer.locality",)),
    (r"\b(?:resident|citizen) of(?: the (?:city|town|village) of)?$", ("signer.locality",)),
)
_SALUTATION = re.compile(r"(?im)^\W*dear\s+((?:[^\W\d_][\w.'’-]*\s+){1,5})(?=\\?[_(\[])")
_CLOSING = re.compile(r"\b(?:sincerely|respectfully|regards|yours|truly|faithfully)\b.{0,20}$")

# In a sentence, “(state)” or “(city)” can be an ordinary remark. These can't.
_SURELY_MEANT = re.compile(r"(?:your|my|insert|print)\b.*|(?:full )?name|address|signature|date")


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
    """Return the merge fields that a label asks for; none if one of its words can't be in a label."""
    words = _words(label)
    if "{{" in label or not all(word in _ASKS_FOR or word in _QUALIFIERS for word in words):
        return ()
    # “Sign your name” asks for one thing.
    asked = [word for word in words if word in _ASKS_FOR and (word != "name" or "sign" not in words)]
    fields = dict.fromkeys(_ASKS_FOR[word] for word in asked)
    if "target.title" in fields:
        return _fields_of_target(tuple(fields))
    if "signer.address" in fields or {"signer.address_line", "signer.locality"} <= fields.keys():
        # An address includes the town.
        fields = dict.fromkeys("signer.address" if name in _PARTS_OF_ADDRESS else name for name in fields)
    return tuple(fields)


def _fields_of_target(fields: tuple[str, ...]) -> tuple[str, ...]:
    match fields:
        case ("target.title",):
            return ("target.title", "target.name")
        case ("target.title", "signer.name") | ("signer.name", "target.title"):
            return ("target.name",)
        case _:
            return ()


def fields_after(words: str) -> tuple[str, ...]:
    """Return the merge fields for a blank after these words. Only the last sentence counts."""
    last = re.split(r"[.;!?]\s+|\}\}", without_markup(words))[-1].rstrip(" \t:,-–—")
    return fields_after_lead_in(last) or fields_of_label(last)


def fields_after_lead_in(words: str) -> tuple[str, ...]:
    """Return the merge fields for a blank after words such as `Dear` or `I live in`."""
    plain = without_markup(words).lower().rstrip(" \t:,-–—")
    return next((fields for pattern, fields in _LEAD_INS if re.search(pattern, plain)), ())


def is_closing(line: str) -> bool:
    """Say whether a line is a closing, such as `Sincerely,`, before a signature."""
    return bool(_CLOSING.search(without_markup(line).lower()))


def is_instruction(words: str) -> bool:
    """Say whether words only tell how to fill in a form, such as `please print`."""
    found = set(_words(words))
    return bool(found & _INSTRUCTIONS) and found <= _QUALIFIERS and not fields_of_label(words)


def asks_for_no_field(label: str) -> bool:
    """Say whether a label asks for something that no letter shows, such as a telephone number."""
    words = set(_words(label))
    return bool(words & _NO_FIELD) and words <= _NO_FIELD | _QUALIFIERS | set(_ASKS_FOR)


def is_surely_meant(words: str) -> bool:
    """Say whether words in parentheses are a placeholder even within a sentence."""
    return bool(_SURELY_MEANT.fullmatch(words.lower().strip("()[]\\ ")))


def title_in_salutation(text: str) -> str:
    """Return the words between `Dear` and a blank, such as `Council Member`; empty if there are none."""
    found = _SALUTATION.search(text)
    return " ".join(without_markup(found[1]).lower().split()) if found else ""


def _words(label: str) -> list[str]:
    plain = without_markup(label).lower().replace("e-mail", "email")
    plain = re.sub(r"\b(?:city|town|village)(?= (?:board|council))", "", plain)
    return re.findall(r"[^\W\d_]+", plain)
