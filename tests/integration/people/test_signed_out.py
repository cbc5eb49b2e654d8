"""A session is over: after signing in, people find the page that they asked for, and what they typed."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.organizers import SAME_ORIGIN, Browser, add, code_in, signed_in
from tests.support.pages import Page, text_of
from tests.support.workshop import send_parts
from tests.support.world import CAMPAIGN, DASHBOARD
from undersigned.workshop import drafting

if TYPE_CHECKING:
    from tests.support.world import Answer, World

EDITOR, OTHER = "maria@enddemand.example", "olga@enddemand.example"
LETTER = f"{DASHBOARD}/workshop/letter"
TYPED = "Dear [recipient's name],\n\nPlease <b>act</b> & hurry.\n"


@pytest.fixture
def maria(world: World) -> Browser:
    """Return the browser of an editor who is signed in."""
    for email in (EDITOR, OTHER):
        add(world, email, "editor")
    return signed_in(world, EDITOR)


@pytest.mark.parametrize("path", ["/organizer", "/organizer/guide/monday-morning", "/organizer/guide/first-campaign"])
def test_a_page_of_no_campaign_has_a_button_to_sign_out(maria: Browser, path: str) -> None:
    assert maria.see(path).body.count('action="/organizer/sign-out"') == 1


def end_session(browser: Browser, how: str) -> None:
    """Let a session be over. A browser deletes its cookie after twelve hours, too."""
    if how == "signed out elsewhere":
        assert Browser(browser.world, jar=dict(browser.jar)).press("/organizer/sign-out").status == 303
    elif how == "signed out in another tab":
        assert browser.press("/organizer/sign-out").status == 303
    else:
        browser.world.clock.advance(hours=12, seconds=1)
        del browser.jar["__Host-session"]


def fields_of(page: str, path: str, changes: dict[str, str]) -> dict[str, str]:
    """Return what a page's form at an address sends."""
    form = page.partition(f'action="{path}"')[2].partition("</form>")[0]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in hidden} | changes


def post_after(browser: Browser, how: str, path: str, changes: dict[str, str], page: str = "") -> Answer:
    """Send a page's form after the session is over."""
    sent = fields_of(browser.see(page or path).body, path, changes)
    assert "token" in sent
    end_session(browser, how)
    return send_parts(browser, path, sent)


def sealed_in(answer: Answer) -> str:
    [value] = {str(it["value"]) for it in Page(answer.body).all("input", name="typed")}
    return value


def sign_in_by_code(browser: Browser, email: str, typed: str) -> Answer:
    """Sign in by the code of an email, in the pages that keep what was typed."""
    asked = send_parts(browser, "/organizer/sign-in", {"email": email, "typed": typed})
    browser.world.run_people_mails()
    code = code_in(browser.world.sent[-1])
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    address = str(Page(asked.body).all("form")[0]["action"])
    refused = send_parts(browser, address, {"code": wrong, "typed": sealed_in(asked)})
    assert refused.status == 400
    return send_parts(browser, address, {"code": code, "typed": sealed_in(refused)})


HOWS = ["after twelve hours", "signed out elsewhere", "signed out in another tab"]


@pytest.mark.parametrize("how", HOWS)
def test_a_letter_typed_before_the_session_was_over_stands_there_after_signing_in(maria: Browser, how: str) -> None:
    world, before = maria.world, drafting.draft_of(maria.world.stack, CAMPAIGN)
    answer = post_after(maria, how, LETTER, {"text": TYPED, "do": "save", "language": "en"})
    words = text_of(answer)
    assert "You were signed out before this could be saved." in words
    assert TYPED not in answer.body
    shown = sign_in_by_code(maria, EDITOR, sealed_in(answer))
    assert "This is what you typed." in text_of(shown)
    page = Page(shown.body)
    assert page.one("textarea").text.removeprefix("\n") == TYPED
    assert page.all("form", action=LETTER)
    assert [label.text.split()[0] for label in page.all("label")] == ["Text"]
    assert drafting.draft_of(world.stack, CAMPAIGN) == before, "nothing is saved by itself"
    sent = fields_of(shown.body, LETTER, {"text": TYPED})
    assert send_parts(maria, LETTER, sent).status == 303
    assert any("hurry" in text for text in drafting.draft_of(world.stack, CAMPAIGN).files.values())


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        (f"{DASHBOARD}/targets/evanston/answer", {"text": "We read\nthem.", "day": "2026-11-24", "public": "yes"}),
        (f"{DASHBOARD}/targets/evanston/address", {"email": "new@evanston.example"}),
        (f"{DASHBOARD}/workshop/settings", {"title": "Another title", "organizer.name": "Another name"}),
        (f"{DASHBOARD}/workshop/recipients", {"cell-0-locality": "Another town", "was-0": "evanston"}),
    ],
)
def test_answers_addresses_and_drafts_stand_there_too(maria: Browser, path: str, typed: dict[str, str]) -> None:
    token = maria.token
    end_session(maria, HOWS[0])
    answer = send_parts(maria, path, {"token": token, "do": "save", **typed})
    shown = sign_in_by_code(maria, EDITOR, sealed_in(answer))
    page = Page(shown.body)
    for name, value in typed.items():
        field = page.field(name)
        assert (field.text.removeprefix("\n") if field.name == "textarea" else field["value"]) == value


def test_nobody_else_who_signs_in_there_sees_it(maria: Browser) -> None:
    answer = post_after(maria, HOWS[0], LETTER, {"text": TYPED})
    shown = sign_in_by_code(maria, OTHER, sealed_in(answer))
    assert (shown.status, shown.headers["location"]) == (303, "/organizer")
    assert "hurry" not in maria.see("/organizer").body


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}])
def test_what_another_site_posts_is_not_kept(maria: Browser, headers: dict[str, str]) -> None:
    token = maria.token
    end_session(maria, HOWS[0])
    answer = send_parts(maria, LETTER, {"token": token, "text": TYPED}, headers=headers)
    assert (answer.status, answer.body) == (303, "")


@pytest.mark.parametrize("token", ["", "x", "0" * 32 + "~x.y"])
def test_a_post_from_no_page_of_ours_is_not_kept(maria: Browser, token: str) -> None:
    end_session(maria, HOWS[0])
    assert send_parts(maria, LETTER, {"token": token, "text": TYPED}).status == 303


@pytest.mark.parametrize("path", ["/targets/evanston/hold", "/workshop/close", "/workshop/delete", "/deliveries/next"])
def test_no_decision_is_kept(maria: Browser, path: str) -> None:
    token = maria.token
    end_session(maria, HOWS[0])
    answer = send_parts(maria, path, {"token": token, "why": "because", "campaign": CAMPAIGN})
    assert (answer.status, answer.headers["location"]) == (303, "/organizer")


def test_a_text_that_is_too_long_to_keep_is_not(maria: Browser) -> None:
    token = maria.token
    end_session(maria, HOWS[0])
    noise = "".join(chr(0x4E00 + (number * number * 7919) % 20_000) for number in range(300_000))
    assert send_parts(maria, LETTER, {"token": token, "text": noise}).status == 303


def test_a_changed_seal_shows_nothing(maria: Browser) -> None:
    typed = sealed_in(post_after(maria, HOWS[0], LETTER, {"text": TYPED}))
    asked = send_parts(maria, "/organizer/sign-in", {"email": EDITOR, "typed": typed[:-2] + "AA"})
    assert asked.status == 303
    assert asked.headers["location"].startswith("/organizer/sign-in/")


def test_what_was_typed_before_signing_in_again_in_another_tab_is_shown(maria: Browser) -> None:
    sent = fields_of(maria.see(LETTER).body, LETTER, {"text": TYPED})
    end_session(maria, HOWS[0])
    maria.sign_in(EDITOR)
    shown = send_parts(maria, LETTER, sent)
    assert shown.status == 403
    assert Page(shown.body).one("textarea").text.removeprefix("\n") == TYPED
    assert send_parts(maria, LETTER, fields_of(shown.body, LETTER, {"text": TYPED})).status == 303
    olga = signed_in(maria.world, OTHER)
    assert "hurry" not in send_parts(olga, LETTER, sent).body


@pytest.mark.parametrize("page", ["/deliveries", "/signatures?status=confirmed", "/targets/evanston?lang=es"])
def test_after_signing_in_one_lands_on_the_page_that_one_asked_for(maria: Browser, page: str) -> None:
    end_session(maria, HOWS[0])
    assert maria.see(page).headers["location"] == "/organizer"
    maria.ask(EDITOR)
    answer = maria.type_code(code_in(maria.world.sent[-1]))
    assert answer.headers["location"] == f"{DASHBOARD}{page}"
    assert "__Host-page" not in maria.jar, "the next sign-in lands on the front page"


@pytest.mark.parametrize(
    "page", ["https://elsewhere.example", "//elsewhere.example", "/organizerx", "/organizer\\@x.example", "%0d%0ax"]
)
def test_no_other_site_is_landed_on(maria: Browser, page: str) -> None:
    end_session(maria, HOWS[0])
    maria.jar["__Host-page"] = page
    maria.ask(EDITOR)
    answer = maria.type_code(code_in(maria.world.sent[-1]))
    assert answer.headers["location"] == "/organizer"


def test_a_frame_of_a_page_is_not_landed_on(maria: Browser) -> None:
    end_session(maria, HOWS[0])
    maria.see("/deliveries", headers={**SAME_ORIGIN, "sec-fetch-dest": "document"})
    maria.see("/targets/evanston/next/email", headers={**SAME_ORIGIN, "sec-fetch-dest": "iframe"})
    maria.ask(EDITOR)
    answer = maria.type_code(code_in(maria.world.sent[-1]))
    assert answer.headers["location"] == f"{DASHBOARD}/deliveries"
