"""Test a campaign's logo, from its upload or folder to the form, emails and the packet's cover."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from tests.support.logos import JPEG, png
from tests.support.world import CAMPAIGN, FORM, ROOT
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop.logos import FILE
from undersigned.workshop.printing.share_pictures import share_pictures

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.workshop import Author
    from tests.support.world import World

PICTURE = png(640, 240)


def publish(author: Author) -> None:
    author.publish()
    author.world.clock.advance(minutes=2)


def upload(author: Author, picture: bytes) -> Any:
    author.open("settings")
    return author.send("settings", {"logo": picture, "do": "save"})


def test_an_uploaded_logo_is_on_the_form_in_emails_shared_links_and_on_the_cover(author: Author, world: World) -> None:
    [shared_before, _] = share_pictures(Campaigns(world.stack.table).campaign(CAMPAIGN)).values()
    answer = upload(author, PICTURE)
    assert (answer.status, answer.headers["location"]) == (303, f"{author.base}/publish?done=saved")
    shown = author.open("settings").body
    assert 'width="160" height="60" alt="The logo as it is now"' in shown
    assert 'src="data:image/png;base64,' in author.open("preview/page").body
    assert 'src="data:image/png;base64,' in author.open("preview/email").body
    publish(author)

    assert world.get(f"{FORM}/share.png").content != shared_before
    page = world.get(FORM).body
    [address] = re.findall(
        rf'<img class="logo" src="(/assets/logos/{CAMPAIGN}/[0-9a-f]+)" width="160" height="60"', page
    )
    picture = world.get(address)
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert len(picture.content) <= 10_000
    assert world.get(f"/assets/logos/{CAMPAIGN}/0").headers["cache-control"] == "public, max-age=60"
    assert world.get("/assets/logos/no-campaign/0").status == 404

    world.confirmed()
    world.week()
    for mail in world.sent:
        [inline] = [part for part in mail.mail.walk() if part.get_content_type() == "image/png"]
        assert f'src="cid:{inline["Content-ID"].strip("<>")}" width="160" height="60"' in mail.html
        assert inline.get_content() == picture.content
        assert inline.get_content_disposition() == "inline"
    [pdf] = world.deliveries[0].pdfs
    assert [len(page.images) for page in PdfReader(io.BytesIO(pdf)).pages] == [1, 0, 0]


def test_a_logo_that_is_refused_says_why_at_its_field_and_changes_nothing(author: Author) -> None:
    answer = upload(author, b"<svg/>")
    assert answer.status == 422
    assert answer.body.count("The logo is neither a PNG nor a JPEG. Save the picture as one of these.") == 1
    [look] = re.findall(r'<details class="fold" open>(.*?)</details>', answer.body, re.DOTALL)
    assert 'id="logo-error"' in look
    assert 'id="setting-accent"' in look
    assert FILE not in author.draft().files


def test_a_logo_is_removed(author: Author, world: World) -> None:
    upload(author, JPEG)
    publish(author)
    author.open("settings")
    author.send("settings", {"remove-logo": "yes", "do": "save"})
    assert FILE not in author.draft().files
    assert "<li><bdi>Logo</bdi></li>" in author.open("publish").body
    publish(author)
    assert 'class="logo"' not in world.get(FORM).body
    assert world.get(f"/assets/logos/{CAMPAIGN}/0").status == 404


@pytest.mark.parametrize("name", ["logo.png", "logo.jpg"])
def test_a_folder_has_the_logo_and_gets_it_back(run: Any, world: World, tmp_path: Path, name: str) -> None:
    folder, pulled = tmp_path / "folder", tmp_path / "pulled"
    folder.mkdir()
    for file in (ROOT / "campaigns" / CAMPAIGN).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / name).write_bytes(PICTURE if name == "logo.png" else JPEG)
    run("campaign", "push", str(folder))
    assert next(iter(Campaigns(world.stack.table).audit(CAMPAIGN))).about == "settings (logo)"
    before = Campaigns(world.stack.table).campaign(CAMPAIGN)
    assert before.logo
    run("campaign", "pull", CAMPAIGN, str(pulled))
    assert (pulled / FILE).read_bytes() == before.logo.png
    run("campaign", "push", str(pulled))
    assert Campaigns(world.stack.table).campaign(CAMPAIGN) == before
    (pulled / "logo.jpg").write_bytes(JPEG)
    with pytest.raises(Exception, match="there are two logos; delete one"):
        run("campaign", "check", str(pulled))
