"""Files of a campaign that a parser refuses, each for another reason."""

from __future__ import annotations

LETTERS = {
    "a condition": "{% if signer.note %}a{% endif %}",
    "a filter": "{{ signer.name | upper }}",
    "half a field": "{{ signer.name }",
    "half a note": "{# a",
    "an unknown field": "{{ signer.nmae }}",
    "an empty field": "{{ }}",
}
HEADER = "id,title,name,department,locality,email,postal_codes"
TABLES = {
    "an open quotation mark": f'{HEADER}\na,Chief,"Ann,City Hall,Oakton,a@b.example,60201\n',
    "words after a quotation mark": f'{HEADER}\na,Chief,"Ann"x,City Hall,Oakton,a@b.example,60201\n',
    "a quotation mark inside": f'{HEADER}\na,Chief,"Ann "Bo" Cy",City Hall,Oakton,a@b.example,60201\n',
    "a cell without end": f'{HEADER}\na,Chief,"{"x" * 140_000},City Hall,Oakton,a@b.example,60201\n',
    "no columns": "60201\n60202\n",
}

CASES = {"letter.md": LETTERS, "targets.csv": TABLES}
