"""The campaign that is shipped: no mistakes, every fact, nobody real."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from undersigned.domain.campaigns import Roster
from undersigned.domain.letters import Block, SignerDetails, as_text, read_blocks, render_html
from undersigned_cli.campaign_folder import CampaignFolder, read

FOLDER = Path(__file__).parents[3] / "campaigns" / "end-demand-illinois"

TOWNS = (
    "Evanston", "Skokie", "Wilmette", "Winnetka", "Glencoe",
    "Highland Park", "Northbrook", "Glenview", "Deerfield", "Lake Forest",
)  # fmt: skip

# In the order of the letter.
FACTS = (
    "Police Chief Avery Sample",
    "Dear Police Chief Avery Sample",
    "concerned citizen and a member of this community",
    "sex trafficking and the sexual exploitation",
    "lead in dealing with the people who buy sex",
    "root of this problem",
    "seldom held to account",
    "My own neighborhood is no exception",
    "www.ncjwcns.org/st-resources",
    "a leader and a public servant",
    "deter exploitation in Illinois",
    "the demand side",
    "PA 98-1013",
    "formerly SB 3558",
    "August 21, 2014",
    "January 1, 2015",
    "Specialized Services for Survivors of Human Trafficking Fund",
    "specialized services to meet the needs that prostitution and human trafficking cause",
    "funding stream to local municipalities",
    "arrest people who solicit a sex act",
    "police at every level, our local department among them",
    "punishing people who are prostituted",
    "arresting and punishing those who buy them",
    "pay for the harm",
    "the past five years",
    "far more local arrests for prostitution than for solicitation",
    "help to end demand",
    "without buyers there would be no prostitution",
    "pimps and traffickers who profit",
    "mostly ignored",
    "arrested again and again",
    "local research with men who buy sex",
    "prosecution and fines of $1,000 or more",
    "end demand by arresting and charging those who buy sex and those who try to",
    "Resources and social services",
    "make it possible to leave",
    "as long as buyers act with impunity",
    "vulnerable children and adults will be recruited and coerced",
    "Buying sex is never justified, whatever the circumstances",
    "each purchase feeds an industry that profits from exploitation",
    "awareness raising, advocacy, and critical fundraising",
    "your support, and for your participation in ending the demand",
    "change that is real and that lasts",
    "R. Resident",
    "November 30, 2026",
    "Robin Resident",
    "5 Made Up Lane Evanston, IL 60201",
)


@pytest.fixture(scope="module")
def campaign() -> CampaignFolder:
    return read(FOLDER)


def blocks_of(campaign: CampaignFolder, note: str = "") -> tuple[Block, ...]:
    signer = SignerDetails(
        "Robin Resident", "5 Made Up Lane", "Evanston", "IL", "60201", "R. Resident", note, date(2026, 11, 30)
    )
    return read_blocks(render_html(campaign.letter.template, campaign.targets[0], signer))


def test_the_shipped_campaign_has_neither_mistakes_nor_warnings(campaign: CampaignFolder) -> None:
    assert campaign.warnings == ()


def test_the_letter_holds_every_fact_in_order(campaign: CampaignFolder) -> None:
    words = " ".join(as_text(blocks_of(campaign)).split())
    end = 0
    for fact in FACTS:
        place = words.find(fact, end)
        assert place >= 0, fact
        end = place + len(fact)


def test_the_two_phrases_that_are_stressed_stand_in_emphasis(campaign: CampaignFolder) -> None:
    stressed = [run.text for block in blocks_of(campaign) for run in block.runs if run.emphasis]

    assert stressed == [
        "funding stream to local municipalities",
        "awareness raising, advocacy, and critical fundraising",
    ]


def test_the_news_of_the_neighborhood_are_a_link(campaign: CampaignFolder) -> None:
    links = [run.link for block in blocks_of(campaign) for run in block.runs if run.link]

    assert links == ["http://www.ncjwcns.org/st-resources"]


def test_a_signers_own_words_stand_before_the_closing(campaign: CampaignFolder) -> None:
    texts = [block.text for block in blocks_of(campaign, note="I have seen it myself.")]

    assert texts[texts.index("I have seen it myself.") + 1] == "Sincerely,"


def test_a_letter_without_own_words_has_no_gap(campaign: CampaignFolder) -> None:
    assert "\n\n\n" not in as_text(blocks_of(campaign))


def test_the_ten_suburbs_have_their_chiefs(campaign: CampaignFolder) -> None:
    assert tuple(target.locality for target in campaign.targets) == TOWNS
    assert {target.title for target in campaign.targets} == {"Police Chief"}


def test_a_postal_code_that_two_towns_share_offers_both(campaign: CampaignFolder) -> None:
    serving = Roster.of(campaign.targets).serving("60203")

    assert [target.id for target in serving] == ["evanston", "skokie"]


def test_no_letter_can_reach_a_real_mailbox(campaign: CampaignFolder) -> None:
    addresses = [campaign.campaign.organizer.email, *(target.email for target in campaign.targets)]

    assert [address for address in addresses if not address.endswith(".example")] == []
