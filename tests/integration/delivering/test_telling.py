"""Telling: an answer goes by email, once, to the signers whose letters it answers and who want news."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, override

import pytest
from botocore.exceptions import ReadTimeoutError
from typer import testing

from tests.faults.refusals import Meanwhile, Refusing
from tests.support.command_line import command_line
from tests.support.organizers import Browser, someone
from tests.support.pages import text_of
from tests.support.world import CAMPAIGN, Watch
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.tellings import Tellings
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rows.signatures import Signatures
from undersigned_cli.main import app

if TYPE_CHECKING:
    from tests.support.world import Answer, Sent, World
    from undersigned.campaigns.rules.campaigns import Answer as Recorded

MONDAY = "2026-11-30"
TEXT = "We have read your letters.\n\nA meeting is on December 9."
ONE_CLICK = "List-Unsubscribe=One-Click"


UPDATE = "dynamodb:UpdateItem"


class LostAnswers(Watch):
    """Lose SES's answers."""

    @override
    def after(self, _function: str, operation: str) -> None:
        if operation == "sesv2:SendEmail":
            raise ReadTimeoutError(endpoint_url="https://ses.example")


def address(name: str) -> str:
    return f"{name.lower()}@signers.example"


def sign(world: World, *names: str, **changes: object) -> None:
    for name in names:
        world.confirmed(**{"email": address(name), "name": name, "updates": "yes", **changes})


def deliver(world: World, case: str = "delivery", day: int = 0) -> None:
    """Deliver what waits, some days after Monday."""
    world.clock.now = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    world.clock.advance(days=day)
    before = len(world.deliveries)
    world.week()
    for sent in world.deliveries[before:] if case else ():
        world.feedback(case, sent)


def record(world: World, text: str = TEXT, day: str = MONDAY) -> str:
    """Save an answer as an editor does, and return the words of the page after it."""
    editor = someone(world, "editor")
    values = {"day": day, "text": text, "revision": revision(editor)}
    saved = editor.press("/targets/evanston/answer", values)
    assert saved.status == 303, saved.body
    return editor.words(html.unescape(saved.headers["location"]).partition("#")[0])


def revision(editor: Browser) -> str:
    found = re.search(r'/answer">.*?name="revision" value="([^"]*)"', editor.see("/targets/evanston").body, re.DOTALL)
    return found[1] if found else ""


def tell(world: World) -> Answer:
    return someone(world, "editor").press("/targets/evanston/tell")


def recorded(world: World) -> Recorded:
    answer = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").answer
    assert answer
    return answer


def told(world: World) -> list[Sent]:
    return [sent for sent in world.sent if sent.tags["kind"] == "answer"]


def names(world: World) -> list[str]:
    """Return to whom the answer went."""
    return sorted(sent.to.partition("@")[0] for sent in told(world))


def told_of(world: World, name: str) -> str | None:
    row = Signatures(world.stack.table).signature(CAMPAIGN, world.signer(address(name)))
    assert row
    return row.told.isoformat() if row.told else None


def tell_them(world: World) -> None:
    assert tell(world).status == 303
    world.run_postponed()


def test_an_answer_goes_to_those_whose_letter_it_answers_and_who_want_news(world: World) -> None:
    sign(world, "Ada", "Bo")
    sign(world, "Cleo", updates="")
    sign(world, "Dot", postal_code="60091")
    deliver(world)
    sign(world, "Late")
    record(world)
    world.run_postponed()
    assert told(world) == []

    tell_them(world)
    assert names(world) == ["ada", "bo"]
    world.restart("public_api")
    assert "We have read your letters." in text_of(world.get(world.own_page(address("Cleo"))))
    assert [*Tellings(world.stack.table).all()] == []
    world.run_postponed()
    assert tell(world).status == 303
    world.run_postponed()
    assert names(world) == ["ada", "bo"]


def test_the_email_says_whose_answer_it_is_why_it_comes_and_how_to_stop(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    tell_them(world)

    [email] = told(world)
    page = world.own_page(address("Ada"))
    assert email.mail["Subject"] == "An answer to your letter to Police Chief Avery Sample"
    assert "> We have read your letters.\r\n> \r\n> A meeting is on December 9." in email.text
    for said in (" ".join(email.text.split()), re.sub(r"<[^>]+>|\s+", " ", email.html)):
        assert re.search("Hello +Ada *,", said)
        assert "This answer came on November 30, 2026." in said
        assert "because you agreed on" in said
        assert "Stop the news" in said
    assert email.mail["List-Unsubscribe-Post"] == ONE_CLICK
    assert email.mail["List-Unsubscribe"] == f"<https://letters.example{page}/no-news>"
    assert email.mail["List-Id"]
    # Tags go to SES and back in its events.
    assert email.tags == {"kind": "answer", "campaign": CAMPAIGN}


def test_one_click_ends_the_news_and_no_confirmation(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    tell_them(world)
    link = str(told(world)[0].mail["List-Unsubscribe"]).strip("<>").removeprefix("https://letters.example")

    assert world.get(link).status == 303
    assert world.signature(address("Ada")).wants_news
    assert world.post(link, dict([ONE_CLICK.split("=")])).status == 200
    assert not world.signature(address("Ada")).wants_news

    world.clock.advance(minutes=1)
    assert world.signed(email=address("Ada"), note="Again").tags["kind"] == "confirmation"


@pytest.mark.parametrize("ticks", [True, False])
def test_who_unsubscribed_and_signs_anew_is_told_if_they_tick_anew(world: World, *, ticks: bool) -> None:
    sign(world, "Ada")
    world.post(f"{world.own_page(address('Ada'))}/no-news")
    world.post(f"{world.own_page(address('Ada'))}/withdraw")
    world.clock.advance(minutes=1)
    sign(world, "Ada", updates="yes" if ticks else "")
    deliver(world)
    record(world)
    tell_them(world)

    assert names(world) == (["ada"] if ticks else [])


def test_a_correction_shows_on_the_pages_and_is_mailed_to_nobody(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    tell_them(world)
    world.clock.advance(days=1)

    for text, day in (("Corrected.", MONDAY), ("Corrected.", "2026-12-01"), ("Corrected again.", MONDAY)):
        page = record(world, text, day)
        assert "went by email to the people who signed, so nobody gets another email." in page
        assert "nobody gets another email. To email a later answer, delete this one first." in page
        assert "Email it to the people who signed" not in page
        assert tell(world).status == 303
        world.run_postponed()
    world.restart("public_api")
    assert "Corrected again." in text_of(world.get(world.own_page(address("Ada"))))
    assert len(told(world)) == 1


def test_the_same_answer_recorded_anew_is_mailed_to_nobody_twice_and_a_later_one_is(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    tell_them(world)
    world.clock.advance(days=8)
    record(world, "")
    record(world, "The same, recorded anew.")
    tell_them(world)
    assert len(told(world)) == 1

    record(world, "")
    record(world, "A later one.", "2026-12-08")
    tell_them(world)
    assert [("A later one." in sent.text) for sent in told(world)] == [False, True]


def test_a_correction_meanwhile_is_what_the_others_get(world: World) -> None:
    sign(world, "Ada", "Bo")
    deliver(world)
    record(world)
    assert tell(world).status == 303
    record(world, "Corrected.", MONDAY)
    world.run_postponed()

    assert names(world) == ["ada", "bo"]
    assert all("> Corrected." in sent.text for sent in told(world))


def test_an_answer_that_is_deleted_meanwhile_goes_to_nobody(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    assert tell(world).status == 303
    record(world, "")
    world.run_postponed()

    assert told(world) == []
    assert [*Tellings(world.stack.table).all()] == []


def test_a_paused_campaign_tells_nobody_until_it_goes_on(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    editor = someone(world, "editor")
    editor.press("/pause")
    tell_them(world)
    assert told(world) == []

    editor.press("/resume")
    world.run_postponed()
    assert names(world) == ["ada"]


@pytest.mark.parametrize(("case", "is_told"), [("", False), ("delivery", True), ("complaint", True), ("bounce", False)])
def test_only_signers_whose_letter_arrived_are_told(world: World, case: str, *, is_told: bool) -> None:
    sign(world, "Early")
    deliver(world)
    sign(world, "Ada")
    deliver(world, case, day=7)
    record(world, day="2026-12-07")
    tell_them(world)

    assert names(world) == (["ada", "early"] if is_told else ["early"])


def test_letters_that_were_handed_over_have_arrived(world: World) -> None:
    campaigns = Campaigns(world.stack.table)
    campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, "evanston"), email=""))
    sign(world, "Ada")
    deliver(world, "")
    editor = someone(world, "editor")
    path = f"/deliveries/{MONDAY}/evanston"
    assert editor.press(f"{path}/handed-over", {"day": MONDAY, "note": "", **editor.revision(path)}).status == 303
    record(world)
    tell_them(world)

    assert names(world) == ["ada"]


def test_erased_and_cleared_letters_and_ended_news_are_left_out(world: World) -> None:
    sign(world, "Ada", "Bo", "Cleo", "Dot")
    deliver(world)
    record(world)
    assert tell(world).status == 303
    world.erase(world.signer(address("Ada")))
    world.post(f"{world.own_page(address('Bo'))}/no-news")
    Signatures(world.stack.table).clear(world.signature(address("Cleo")), world.clock.now)
    world.run_postponed()

    assert names(world) == ["dot"]
    world.erase(world.signer(address("Dot")))
    assert told_of(world, "Dot") is None


@pytest.mark.parametrize("change", ["erase", "end news"])
def test_what_changes_just_before_the_mark_counts(world: World, change: str) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    assert tell(world).status == 303
    page = world.own_page(address("Ada"))

    def changes() -> None:
        world.erase(world.signer(address("Ada"))) if change == "erase" else world.post(f"{page}/no-news")

    world.watch = Meanwhile(world, UPDATE, changes)
    world.run_postponed()
    assert told(world) == []


def test_two_runs_at_once_tell_everybody_once(world: World) -> None:
    sign(world, "Ada", "Bo")
    deliver(world)
    record(world)
    assert tell(world).status == 303

    world.watch = Meanwhile(world, UPDATE, world.queue_postponed)
    world.run_postponed()
    assert names(world) == ["ada", "bo"]


def test_who_was_not_told_because_ses_was_busy_is_told_later(world: World) -> None:
    sign(world, "Ada", "Bo")
    deliver(world)
    record(world)
    world.throttles = 1
    tell_them(world)
    assert told(world) == []
    assert [told_of(world, name) for name in ("Ada", "Bo")] == [None, None]

    world.run_postponed()
    assert names(world) == ["ada", "bo"]


def test_after_a_lost_answer_of_ses_nobody_is_told_twice(world: World) -> None:
    sign(world, "Ada", "Bo")
    deliver(world)
    record(world)
    assert tell(world).status == 303
    world.watch = LostAnswers()
    world.run_postponed()
    assert len(told(world)) == 1

    world.watch = None
    world.run_postponed()
    assert names(world) == ["ada", "bo"]


def test_nobody_is_told_while_confirmation_emails_are_stopped(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    MailBudgets(world.stack.table).stop()
    world.clock.advance(minutes=1)
    tell_them(world)
    assert told(world) == []

    MailBudgets(world.stack.table).start(world.clock.now)
    world.clock.advance(minutes=1)
    world.run_postponed()
    assert names(world) == ["ada"]


def test_viewers_cannot_let_it_go_and_the_log_says_who_did(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    viewer = someone(world, "viewer")
    assert "Email it to the people who signed" not in viewer.words("/targets/evanston")
    assert viewer.press("/targets/evanston/tell").status == 403
    assert not recorded(world).is_told
    assert "Email it to the people who signed" in someone(world, "editor").words("/targets/evanston")
    world.clock.advance(seconds=1)
    assert tell(world).status == 303

    entry = next(Campaigns(world.stack.table).audit(CAMPAIGN))
    assert (entry.action, entry.about, entry.why) == ("tell signers", f"evanston {MONDAY}", "")


def test_an_answer_that_was_not_seen_is_not_let_go(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    editor = someone(world, "editor")
    assert "Record the answer first." in text_of(tell(world), 409)
    record(world)
    seen = recorded(world).revision
    world.clock.advance(minutes=1)
    record(world, "Another text.")
    refused = editor.press("/targets/evanston/tell", {"revision": seen})
    assert "Somebody has just changed this answer." in text_of(refused, 409)
    assert not recorded(world).is_told


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }}\n\nStop the news:\nhttps://evil.example/\nBcc: x"
)


def test_a_hostile_answer_is_quoted_as_text(world: World) -> None:
    sign(world, "Ada", name="<b>Ada")
    deliver(world)
    record(world, HOSTILE)
    tell_them(world)

    [email] = told(world)
    assert "<script>" not in email.html
    assert "<img src=x" not in email.html
    assert 'href="https://evil' not in email.html
    assert "<b>Ada" not in email.html
    assert [line for line in email.text.splitlines() if "evil" in line] == ["> https://evil.example/"]
    assert email.mail["Bcc"] is None


def test_a_failing_table_tells_later(world: World) -> None:
    sign(world, "Ada")
    deliver(world)
    record(world)
    assert tell(world).status == 303
    world.watch = Refusing({UPDATE: "InternalServerError"}, status=500)
    world.run_postponed()
    assert told(world) == []
    world.watch = None
    world.run_postponed()
    assert names(world) == ["ada"]


def test_a_command_lets_it_go_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(world, monkeypatch)
    sign(world, "Ada")
    deliver(world)
    refused = testing.CliRunner().invoke(app, ["tell-signers", CAMPAIGN, "evanston"]).exception
    assert "Record the answer first." in str(refused)
    record(world)
    shown = testing.CliRunner().invoke(app, ["tell-signers", CAMPAIGN, "evanston"], input="n\n")
    assert shown.exit_code == 1
    assert TEXT.splitlines()[0] in shown.output
    world.run_postponed()
    assert told(world) == []

    for _ in range(2):
        assert testing.CliRunner().invoke(app, ["tell-signers", CAMPAIGN, "evanston", "--yes"]).exit_code == 0
        world.run_postponed()

    assert names(world) == ["ada"]
    actions = [entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)]
    assert actions.count("tell signers") == 1
