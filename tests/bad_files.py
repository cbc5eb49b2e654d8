"""Files of a campaign that a parser refuses, each for another reason."""

from __future__ import annotations

SETTINGS = {
    "a setting twice": 'title = "A"\ntitle = "B"\n',
    "a table twice": '[organizer]\nname = "A"\n[organizer]\nname = "B"\n',
    "a table that is a setting": 'organizer = "A"\n[organizer.name]\n',
    "no equals sign": 'title "A"\n',
    "a colon": 'title: "A"\n',
    "a note without #": 'title = "A"\n// the goal\n',
    "a name with an accent": 'título = "A"\n',
    "no name": '= "A"\n',
    "an open table": '[organizer\nname = "A"\n',
    "an open list of tables": "[[organizer]\n",
    "an empty table": "[]\n",
    "no value": "goal =\ntitle = 'A'\n",
    "text without quotation marks": "title = Safer streets\n",
    "curly quotation marks": "title = “A”\n",
    "an answer in words": "send_now_only = yes\n",
    "two settings on a line": "goal = 1 title = 'A'\n",
    "a comma in a number": "goal = 1,500\n",
    "a German day": "closes = 24.12.2026\n",
    "a month too many": "closes = 2026-13-01\n",
    "a day that is not": "closes = 2026-02-30\n",
    "an apostrophe": "title = 'it's'\n",
    "an open list": "sources = ['a', 'b'\n",
    "a list without a comma": "sources = ['a' 'b']\n",
    "an open inline table": "organizer = {name = 'A'\n",
    "a setting twice in an inline table": "organizer = {name = 'A', name = 'B'}\n",
    "an open text": 'title = "A',
    "a text over two lines": 'title = "A\nB"\n',
    "a text over two lines in single quotation marks": "title = 'A\nB'\n",
    "an open long text": "title = '''A",
    "a backslash": 'title = "C:\\dir"\n',
    "a short escape": 'title = "\\u12"\n',
    "half a pair": 'title = "\\ud800"\n',
    "an invisible character": "title = 'A\x01'\n",
    "an invisible character in a note": "title = 'A' # \x02\n",
    "digits without end": f"goal = {'1' * 5000}\n",
    "lists in lists": f"sources = {'[' * 5000}\n",
}
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

CASES = {"campaign.toml": SETTINGS, "letter.md": LETTERS, "targets.csv": TABLES}
