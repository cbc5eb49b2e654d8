"""Test that the form's size on a slow connection stays within the limits that the benchmark prints."""

from __future__ import annotations

import base64
import random
from datetime import date
from typing import TYPE_CHECKING

from benchmarks.page_weight import GOALS, VISIT, weights
from tests.support.logos import png
from tests.support.world import CAMPAIGN, FORM, ROOT, files_of_campaign, publish_files
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Answer
from undersigned.workshop.logos import FILE

if TYPE_CHECKING:
    from tests.support.world import World

BROWSER = {"accept": "text/html", "accept-encoding": "gzip", "sec-fetch-site": "same-origin"}

USUAL_ANSWER = 600
"""Characters of an office's answer to many letters."""

WORDS = (ROOT / "README.md").read_text(encoding="utf-8")
"""Words as people write them, which compress no better than an answer."""

MOST_OF_DISOWNING = 5 * 1024
"""Bytes of a page with two sentences, a button and the style sheet."""


def test_a_visit_with_every_option_on_fits_into_one_window(world: World) -> None:
    """Sources, a time to keep data, a privacy notice of one's own, own words, two languages, a theme, a logo."""
    logo = {FILE: base64.b64encode(png(640, 240)).decode()}
    settings = files_of_campaign()["campaign.toml"]
    options = (
        'sources = ["flyer", "newsletter"]\nkeep_for_days = 90\nprivacy_url = "https://enddemand.example/privacy"\n'
        'deliver_on = "THU"'
    )
    assert settings.count("\nsend_now_only = false\n") == 1
    publish_files(world, {"campaign.toml": settings.replace("send_now_only = false", options), **logo})
    query = "&source=flyer&postal_code=60201&theme=dark"
    visits = {name: parts["in all"] for name, parts in weights(world, query).items() if name.startswith("one visit")}
    assert len(visits) == 4
    assert max(visits.values()) <= VISIT, visits


def test_what_a_visit_loads_fits_in_each_language_and_in_a_frame(world: World) -> None:
    weighed = weights(world)
    assert {
        f"one visit {where}, {language}" for where in ("on its own page", "in a frame") for language in ("en", "es")
    } <= weighed.keys()
    assert [f"{goal} ({goal.worst(weighed):g})" for goal in GOALS if not goal.is_met(weighed)] == []


def test_the_page_of_a_person_who_did_not_sign_stays_small(world: World) -> None:
    link = world.signed().link("disown")
    for page in (world.get(link, headers=BROWSER), world.post(link, headers=BROWSER)):
        assert page.headers["content-encoding"] == "gzip"
        assert len(page.content) <= MOST_OF_DISOWNING


def test_a_visit_with_answers_of_a_usual_length_fits_into_one_window(world: World) -> None:
    words, campaigns = sorted({*WORDS.split()}), Campaigns(world.stack.table)
    for number, target in enumerate(campaigns.targets(CAMPAIGN)):
        text = " ".join(random.Random(number).choices(words, k=200))[:USUAL_ANSWER]  # noqa: S311
        answer = Answer(date(2026, 11, 24), text, is_public=True, by="ann", at=world.clock.now)
        campaigns.put_answer(CAMPAIGN, target, answer)
    world.restart("public_api")
    visits = {name: parts["in all"] for name, parts in weights(world).items() if name.startswith("one visit")}
    assert len(visits) == 4
    assert 'class="answer"' in world.get(FORM).body
    assert max(visits.values()) <= VISIT, visits
