"""Letters by source: the label of a link or a site, from the link to the counts."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.support.exports import asked, file_of, rows_of
from tests.support.organizers import Browser, someone
from tests.support.world import CAMPAIGN, FORM, files_of_campaign, publish_files
from undersigned.base.qr_codes import qr_code
from undersigned.organizing.overviews import Overview
from undersigned.organizing.rules.exports import COLUMNS, row
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from tests.support.world import World


@pytest.fixture
def counting(world: World) -> World:
    """Return a world whose campaign counts two sources."""
    settings = files_of_campaign()["campaign.toml"]
    publish_files(world, {"campaign.toml": settings.replace("\ngoal", '\nsources = ["flyer", "mail-2"]\ngoal', 1)})
    return world


def by_source(world: World) -> dict[str, int]:
    return Overview(world.stack, CAMPAIGN).counts_by("source")


def test_letters_are_counted_by_the_label_of_their_link(counting: World) -> None:
    for number, source in enumerate(("flyer", "flyer", "mail-2", "made-up", "", "SOURCE#|TOTAL", None)):
        changes = {} if source is None else {"source": source}
        counting.confirmed(email=f"signer{number}@signers.example", **changes)

    assert by_source(counting) == {"flyer": 2, "mail-2": 1, "other": 2, "none": 2}
    counting.put_key("us_letters", "letters")
    headers = {"authorization": "Bearer us_letters"}
    answer = counting.get(f"/organizer/campaigns/{CAMPAIGN}/counts?by=source", headers=headers)
    assert answer.json["signatures"] == 7
    rows = [*Signatures(counting.stack.table).listed_signatures(CAMPAIGN)]
    assert sorted(str(row.source) for row in rows) == ["flyer", "flyer", "mail-2", "none", "none", "other", "other"]
    assert sorted(row(it, "en")[COLUMNS.index("source")] for it in rows)[:2] == ["flyer", "flyer"]


def test_a_link_that_a_signer_shares_counts_for_the_source_that_brought_them(counting: World) -> None:
    for number, (source, label) in enumerate((("flyer", "?source=flyer"), ("made-up", ""), ("", ""))):
        counting.sign(email=f"sharer{number}@signers.example", source=source)
        counting.run_stream()
        page = counting.press(counting.sent[-1].link("confirm")).body
        [shared] = re.findall(r'<input id="address" value="([^"]*)"', page)
        assert shared == f"https://letters.example{FORM}{label}"
        assert f"u={quote(shared, safe='/')}" in page


def test_a_qr_code_counts_for_its_source(counting: World) -> None:
    organizer = someone(counting, "editor")
    address = f"https://letters.example{FORM}"
    link = 'href="/organizer/dashboard/end-demand-illinois/workshop/qr?source=flyer"'
    assert link in organizer.see("/workshop/publish?where=page").body
    for query, label in (("?source=flyer", "?source=flyer"), ("?source=made-up", ""), ("", "")):
        found = organizer.see(f"/workshop/qr{query}").body
        assert found == qr_code(f"{address}{label}", border=4)


def test_counts_by_source_are_the_same_on_the_dashboard_by_the_api_and_in_the_csv(counting: World) -> None:
    for number, source in enumerate(("flyer", "flyer", "mail-2")):
        counting.confirmed(email=f"signer{number}@signers.example", source=source)
    organizer = Browser(counting)
    counting.put_key("us_letters", "letters")
    organizer.enter("editor")
    headers = {"authorization": "Bearer us_letters"}

    words = organizer.words("")
    assert re.search(r"Where letters come from .*flyer 2 .*mail-2 1\b", words), words
    answer = counting.get(f"/organizer/campaigns/{CAMPAIGN}/counts?by=source", headers=headers)
    assert {name: count for name, count in answer.json["counts"].items() if count} == {"flyer": 2, "mail-2": 1}
    requested = asked(counting)
    counting.run_exports()
    rows = rows_of(file_of(counting, requested))
    assert Counter(row["source"] for row in rows) == {"flyer": 2, "mail-2": 1}


def test_a_letter_that_is_withdrawn_or_erased_leaves_its_source(counting: World) -> None:
    for number in range(3):
        counting.confirmed(email=f"signer{number}@signers.example", source="flyer")
    withdrawn, erased, _ = Signatures(counting.stack.table).listed_signatures(CAMPAIGN)

    Signatures(counting.stack.table).withdraw(CAMPAIGN, withdrawn.signer, counting.clock())
    Signatures(counting.stack.table).erase(erased, counting.clock())
    counting.run_stream()

    assert by_source(counting) == {"flyer": 1}


def test_a_link_fills_in_the_postal_code_and_says_where_it_is(counting: World) -> None:
    page = counting.get(f"{FORM}?postal_code=60201&source=flyer&name=Zenobia").body

    assert '<input type="hidden" name="source" value="flyer">' in page
    assert 'name="postal_code" type="text" value="60201"' in page
    assert 'name="region" type="text" value="IL"' in page
    assert "Zenobia" not in page
    assert "?lang=es&amp;source=flyer" in page
    assert 'name="source" value="flyer"' in counting.sign(source="flyer", name="").body


@pytest.mark.parametrize("label", ["<b>", "Flyer", "a" * 31, "a b", "%22"])
def test_a_label_that_is_none_is_not_shown(counting: World, label: str) -> None:
    assert 'name="source"' not in counting.get(f"{FORM}?source={label}").body


def test_a_campaign_without_sources_keeps_and_counts_none(world: World) -> None:
    world.confirmed(source="flyer")

    [row] = Signatures(world.stack.table).listed_signatures(CAMPAIGN)
    assert row.source is None
    assert by_source(world) == {}
    assert 'name="source"' not in world.get(f"{FORM}?source=flyer").body


def test_each_campaign_counts_the_code_on_its_paper_form(world: World) -> None:
    assert '<input type="hidden" name="source" value="paper">' in world.get(f"{FORM}?source=paper").body
    world.confirmed(source="paper")
    world.confirmed(email="bo@signers.example")

    assert by_source(world) == {"paper": 1}
    page = " ".join(someone(world, "editor").see("").body.split())
    assert "Code on the paper form" in page
    assert "No label" not in page


def test_the_privacy_notice_says_that_letters_are_counted_by_their_link(counting: World) -> None:
    assert "The label of the link or website that brought you to the form" in counting.get(f"{FORM}/privacy").body
