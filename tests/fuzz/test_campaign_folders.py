"""Campaign folders: any bytes give a campaign that can be pushed and rendered, or mistakes that say what to do."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.fuzz.inputs import DEEP, example, given, mutated, st, texts, tried
from undersigned.base.email_addresses import email_mistake
from undersigned.base.table import from_item, to_item
from undersigned.campaigns.rows.campaigns import target_settings
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.campaigns.rules.letters import as_text, read_blocks, render_html, specimen
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.writing import files_of
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.workshop.campaigns import CompiledCampaign

SHIPPED = Path(__file__).parents[2] / "campaigns" / "end-demand-illinois"
GOOD = {file.name: file.read_text(encoding="utf-8") for file in SHIPPED.iterdir()}
TARGET = campaign_folder.read(SHIPPED).targets[0]
SMALL_SETTINGS = """\
id = "trees"
title = "Trees"
summary = "Plant them."
language = "en"
time_zone = "America/Chicago"
region = "IL"
goal = 10
opens = 2026-11-01
[organizer]
name = "Tree Friends"
email = "a@trees.example"
"""
SMALL_TARGETS = """\
id,title,name,department,locality,email,postal_codes
oak,Mayor,"Ann ""A"" Lee",City Hall,Oakton,ann@oakton.example,60201; 60202
"""
SMALL_LETTER = """\
{{ target.title }} {{ target.name }}

Plant *trees*, **now**: https://trees.example

- one
- two

{{ note }}

{{ signature }}
{{ signer.name }}
{{ signer.address }}
Date: {{ date }}
"""

# DynamoDB takes no larger item.
_LONGEST_ITEM = 400 * 1024


def bytes_of(sample: str, other: str) -> st.SearchStrategy[bytes]:
    return st.one_of(
        mutated([sample, other]).map(lambda text: text.encode("utf-8", "replace")),
        texts().map(lambda text: text.encode("utf-8", "replace")),
        st.sampled_from(("utf-16", "latin-1", "utf-8-sig")).map(other.encode),
        st.binary(max_size=60),
    )


def check(files: Mapping[str, bytes]) -> None:
    """Read a folder of these files. If it is accepted, it can be pushed and rendered; if not, the mistakes say why."""
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            (Path(place) / name).write_bytes(content)
        try:
            folder = campaign_folder.read(Path(place))
        except MistakesError as error:
            assert error.mistakes
            for mistake in error.mistakes:
                assert mistake.file in files
                lines = files[mistake.file].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
                assert mistake.line is None or 1 <= mistake.line <= lines, mistake
                # What is wrong and the way out, or beside a setting or a cell the way out alone.
                way_out = mistake.column or mistake.setting or "; " in mistake.message
                assert way_out, f"it doesn't say what to do: {mistake}"
            return
    _push(folder)


def _push(folder: CompiledCampaign) -> None:
    again = compile_campaign(files_of(folder.campaign, folder.letters, folder.targets))
    assert (again.campaign, again.letters, again.targets) == (folder.campaign, folder.letters, folder.targets)
    campaign = folder.campaign
    assert ID_PATTERN.fullmatch(campaign.id)
    ZoneInfo(campaign.time_zone)
    assert email_mistake(campaign.organizer.email) is None
    pushed = [
        campaign.item(),
        *(it.item(campaign=campaign.id) for it in folder.letters.values()),
    ]
    for target in folder.targets:
        assert ID_PATTERN.fullmatch(target.id)
        assert email_mistake(target.email) is None
        pushed.append(target_settings(target))
    for values in pushed:
        item = to_item(values)
        assert len(str(item).encode()) < _LONGEST_ITEM
        assert {name: from_item(item)[name] for name in item} == {
            name: value for name, value in values.items() if value is not None
        }
    for letter in folder.letters.values():
        html = render_html(letter.template, folder.targets[0], specimen(letter.language), letter.language)
        text = as_text(read_blocks(html))
        assert folder.targets[0].name.split()[0] in text


@tried(60)
@given(bytes_of(GOOD["campaign.toml"], SMALL_SETTINGS))
@example(SMALL_SETTINGS.replace("10", "9" * 5_000).encode())
@example(SMALL_SETTINGS.replace("10", "9" * 39).encode())
@example(SMALL_SETTINGS.replace("10", DEEP).encode())
@example(SMALL_SETTINGS.replace('"trees"', '"trees "').encode())
@example(SMALL_SETTINGS.replace("Chicago", "Chicago ").encode())
def test_any_settings_are_a_campaign_or_mistakes(settings: bytes) -> None:
    check({"campaign.toml": settings, "letter.md": SMALL_LETTER.encode(), "targets.csv": SMALL_TARGETS.encode()})


@tried(60)
@given(bytes_of(GOOD["targets.csv"], SMALL_TARGETS))
@example(b",")
def test_any_targets_file_is_a_roster_or_mistakes(targets: bytes) -> None:
    check({"campaign.toml": SMALL_SETTINGS.encode(), "letter.md": SMALL_LETTER.encode(), "targets.csv": targets})


@tried(60)
@given(bytes_of(GOOD["letter.md"], SMALL_LETTER))
def test_any_letter_file_is_a_letter_or_mistakes(letter: bytes) -> None:
    check({"campaign.toml": SMALL_SETTINGS.encode(), "letter.md": letter, "targets.csv": SMALL_TARGETS.encode()})


MARKS = st.lists(
    st.sampled_from(
        (
            *"ab {}%#\0<>&*_`[]()!\\\n-1.:|~\"'\t", "\n\n", "> ", "- ", "1. ", "# ", "**", "{{ note }}",
            "{% if note %}", "{{ signature }}", "{{ date }}",
            "{{ signer.name }}", "{{ signer.address }}", "{{ target.name }}", "http://a.example", "[a](http://a.example)",
            "  \n", "\\\n", "&#123;",
        )
    ),
    max_size=60,
).map("".join)  # fmt: skip


@tried(150)
@given(st.one_of(MARKS, MARKS.map(lambda marks: SMALL_LETTER + marks)))
def test_a_letter_of_any_marks_renders_if_it_compiles(source: str) -> None:
    try:
        template = compile_letter(source)
    except MistakesError as error:
        assert all(mistake.line in range(1, source.count("\n") + 2) for mistake in error.mistakes)
        return
    assert TARGET.name in as_text(read_blocks(render_html(template, TARGET, specimen("en"))))
