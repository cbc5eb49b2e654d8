"""Malicious or unlucky organizers: no upload takes long, stops a page of its draft, or is saved without being read."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.growth import check_growth_of
from tests.support.spreadsheets import read_pasted
from tests.support.workshop import author_of, beginner_of
from tests.support.world import CAMPAIGN
from undersigned.workshop import drafting
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.described_settings import described
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import MOST_BYTES
from undersigned.workshop.target_tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.workshop import Author
    from tests.support.world import World
    from undersigned.workshop.setting_kinds import Value

FILES = {
    "campaign.toml": 'id = "trees"\ntitle = "Trees"\n%s\n[organizer]\nname = "Friends"\n',
    "letter.md": "{{ target.name }}\n%s\n{{ signer.name }}\n{{ signer.address }}\n{{ date }}\n{{ signature }}\n",
    "targets.csv": "id,title,name,department,locality,email,postal_codes\noak,Mayor,Ann,Hall,Oak,a@b.org,60201\n%s",
}


@pytest.fixture
def author(world: World) -> Author:
    return author_of(world)


@pytest.fixture
def beginner(world: World) -> Author:
    return beginner_of(world)


def headings(count: int) -> str:
    return ",".join(f"heading {number}" for number in range(count)) + "\nMayor\n"


HOSTILE: dict[str, str] = {
    "many sites": "".join(f"https://s{number}.org\n" for number in range(150_000)),
    "many languages": "".join(f"aa-{number}\n" for number in range(90_000)),
    "a number of a million digits": "1" * 1_000_000,
    "60,000 headings": headings(60_000),
    "60,000 titles": ",".join(f"title_{number}" for number in range(60_000)) + ",name,email\nMayor\n",
    "4 MB of separators": "," * 4_000_000,
    "4 MB of tabs": "\t" * 4_000_000,
    "a heading that expands": "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 1_300_000 + ",name\nx,y\n",
    "headings that expand": ",".join(["\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 13_000] * 100)
    + ",name\nx,y\n",
    "many rows without an id": ",Mayor,Ann,Hall,Oak,,\n" * 180_000,
    "many rows of wide headings": "name,email,"
    + ",".join(f"x{number}" for number in range(3_000))
    + "\n"
    + "a,b\n" * 800_000,
    "many wrong codes": "".join(f"r{row},Mayor,Ann {row},Hall,Oak,r{row}@b.org,{'x;' * 9_900}\n" for row in range(190)),
    "many shared codes": "".join(
        f"r{row},Mayor,Ann {row},Hall,Oak,r{row}@b.org,{';'.join(map(str, range(10_000, 19_900)))}\n"
        for row in range(60)
    ),
    "a cell of many codes": f"r,Mayor,Ann,Hall,Oak,r@b.org,{';'.join(map(str, range(10_000, 20_000)))}",
    "empty lines": "\n" * 4_000_000,
    "blanks": "[name] " * 570_000,
    "days": "__/__/__" * 500_000,
    "quotations": ">\n" * 500_000,
}


@dataclass(frozen=True)
class Upload:
    """The uses that a request makes of a text that somebody sent."""

    largest: int
    does: Callable[[str], object]


def settings_of(text: str) -> object:
    """Compile a campaign whose every setting that can be typed has an equal part of this text, or lines of it."""
    names, lists = described(["es"]), ("languages", "allowed_origins", "frame_origins", "sources")
    part = text[: len(text) // (len(names) + len(lists))]
    values: dict[str, Value] = dict.fromkeys(names, part)
    lines = {name: part.split("\n") for name in lists}
    return compile_campaign({**FILES, "settings": DraftSettings({**values, **lines}).text})


def compiled(file: str, text: str) -> object:
    return compile_campaign({name: whole.replace("%s", text if name == file else "") for name, whole in FILES.items()})


UPLOADS: dict[str, Upload] = {
    "settings": Upload(MOST_BYTES, settings_of),
    "letter in a draft": Upload(MOST_BYTES, lambda text: compiled("letter.md", text)),
    "recipients": Upload(MOST_BYTES, lambda text: read_pasted(text).with_ids().text()),
    "table of recipients": Upload(MOST_BYTES, lambda text: read_table(text).text()),
    "recipients in a draft": Upload(MOST_BYTES, lambda text: compiled("targets.csv", text)),
    "pasted letter": Upload(MOST_BYTES, lambda text: pasted_letter(text, "en")),
}
UNITS = (
    "a", "a.", "a = 1\n", "[a]\n", "[", "{a = ", '"', "'''", "#", ",", ";", "\t", "\n", " ", " \n", "a,", "_", "__ ",
    "(name) ", "Name:\n", "[a](", "- a\n", "* ", "{{ note }}", "{% if note %}", "\ufdfa", "\u0301", "1;", "1-",
    "60201;", '"a",', "=1,", "x@", "a@b.org,", "\v", "`", "|a|\n", ">", "Dear ", "X_",
)  # fmt: skip


@pytest.mark.parametrize("upload", UPLOADS)
@given(
    unit=st.lists(st.sampled_from(UNITS), min_size=1, max_size=4).map("".join),
    size=st.sampled_from((29_000, 49_000, 900_000, 3_900_000)),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_repeated_text_takes_long(upload: str, unit: str, size: int) -> None:
    check_time(UPLOADS[upload], (unit * (size // len(unit)))[: UPLOADS[upload].largest])


@pytest.mark.slow
@pytest.mark.asvs("5.2.1", "15.2.2")
@pytest.mark.parametrize("upload", UPLOADS)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_takes_long(upload: str, text: str) -> None:
    check_time(UPLOADS[upload], HOSTILE[text][: UPLOADS[upload].largest])


def check_time(upload: Upload, text: str) -> None:
    def read(part: str) -> None:
        with suppress(MistakesError):
            upload.does(part)

    check_growth_of(read, text)


# Pages of a draft


LONG = DraftSettings({"title": "a" * 60_000}).text

TOO_MUCH = {
    "settings": ("settings", LONG, "more than the maximum of 50,000; remove some"),
    "letter": (
        "letter.md",
        "word " * 5_000,
        "the letter has 25,000 characters, more than the maximum of 20,000; shorten it",
    ),
    "recipients": (
        "targets.csv",
        headings(60_000),
        "the row has 60,000 columns, more than the maximum of 100; remove those",
    ),
}


@pytest.mark.asvs("2.1.3", "5.1.1", "5.2.1")
def test_a_letter_with_more_than_its_limits_is_not_saved_and_the_page_names_the_limit(author: Author) -> None:
    file, text, limit = TOO_MUCH["letter"]
    before = author.draft()
    author.open("letter")

    answer = author.send("letter", {"text": text, "do": "save"})

    assert (answer.status, author.draft()) == (422, before)
    assert limit.partition("characters, ")[2] in answer.words
    assert text[:20] in answer.body
    assert drafting.draft_of(author.world.stack, CAMPAIGN).files[file] != text


def test_pasted_recipients_with_more_than_their_limits_are_refused_at_their_field(author: Author) -> None:
    author.open("recipients")
    answer = author.send("recipients", {"pasted": headings(300), "do": "paste"})
    assert answer.status == 422
    assert "the row has 300 columns, more than the maximum of 100" in answer.words


@pytest.mark.parametrize("step", TOO_MUCH)
def test_no_file_with_more_than_its_limits_is_saved(author: Author, step: str) -> None:
    file, text, limit = TOO_MUCH[step]
    before = author.draft()

    with pytest.raises(MistakesError, match=re.escape(limit)):
        drafting.write(author.world.stack, CAMPAIGN, before.revision, {file: text}, "Ann")

    assert author.draft() == before


def test_a_draft_takes_no_more_settings_than_a_file_may_have(author: Author) -> None:
    values = {f"a{chr(97 + number % 26)}-{number:05}.title": "x" for number in range(20_000)}
    with pytest.raises(MistakesError, match="more than the maximum of 50,000; remove some"):
        drafting.write(author.world.stack, CAMPAIGN, author.draft().revision, {}, "Ann", values)


@pytest.mark.asvs("5.2.2")
def test_nothing_is_saved_on_which_a_parser_fails(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    class HangsError(Exception):
        pass

    def hang(*_: object) -> None:
        raise HangsError

    before = author.draft()
    monkeypatch.setattr(drafting, "read_campaign", hang)
    with pytest.raises(HangsError):
        drafting.write(author.world.stack, CAMPAIGN, before.revision, {"letter.md": "new"}, "Ann")
    assert author.draft() == before


def test_a_draft_that_was_saved_before_the_limits_is_shown_and_discarded(author: Author) -> None:
    stack, before = author.world.stack, author.draft()
    saved = drafting.write(stack, CAMPAIGN, before.revision, {"letter.md": f"{before.files['letter.md']} "}, "Ann")
    hostile = {**saved.files, "settings": LONG, "targets.csv": headings(60_000)}
    Drafts(stack).put_draft(replace(saved, revision=saved.revision + 1, files=hostile), saved)

    for step in ("letter", "recipients", "settings", "preview", "publish"):
        assert author.open(step).status == 200, step
    author.send("publish", {}, "discard")

    assert author.draft() == before


def make_unreadable(world: World, campaign: str) -> None:
    bucket = world.stack.settings.draft_bucket
    world.stack.client("s3").put_object(Bucket=bucket, Key=f"{campaign}.json", Body=b"not what was written")


STEPS = ("letter", "recipients", "settings", "preview", "publish")


def test_a_draft_that_can_not_be_read_says_so_on_each_page_and_is_discarded_there(author: Author) -> None:
    published = author.draft()
    drafting.write(author.world.stack, CAMPAIGN, 0, {"letter.md": f"{published.files['letter.md']} "}, "Ann")
    make_unreadable(author.world, CAMPAIGN)

    for step in STEPS:
        answer = author.open(step)
        assert (answer.status, "This draft can’t be read" in answer.words) == (409, True), step
    assert "The published campaign stays as it is." in answer.words
    author.send("publish", {}, "discard")

    assert author.draft() == published
    assert author.open("letter").status == 200


def test_a_new_draft_that_can_not_be_read_is_discarded(beginner: Author) -> None:
    world, campaign = beginner.world, beginner.campaign
    make_unreadable(world, campaign)

    answer = beginner.open("publish")
    assert (answer.status, "The campaign was never published." in answer.words) == (409, True)
    beginner.send("publish", {}, "discard")

    assert Drafts(world.stack).campaigns() == ()
