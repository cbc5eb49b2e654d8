"""Answers: what an office answered by email, one a recipient, as the organizer recorded it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.organizers import Browser, someone
from tests.support.pages import text_of
from tests.support.world import CAMPAIGN, FORM
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop import drafting, publishing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.world import Answer as Answered
    from tests.support.world import World
    from undersigned.campaigns.rules.campaigns import Answer, Target
    from undersigned.people.rules.people import Role

KEY = {"authorization": "Bearer us_letters"}
API = f"/organizer/campaigns/{CAMPAIGN}/targets"
MONDAY = "2026-11-30"
TEXT = "We have read your letters.\n\nA meeting is on December 9."


@dataclass(frozen=True)
class Holder:
    """Somebody with a role, who signs in each time: a session lasts twelve hours."""

    world: World
    role: Role

    @property
    def browser(self) -> Browser:
        return someone(self.world, self.role)

    def press(self, path: str, values: Mapping[str, object] | None = None) -> Answered:
        return self.browser.press(path, values)

    def see(self, path: str = "") -> Answered:
        return self.browser.see(path)

    def words(self, path: str = "") -> str:
        return self.browser.words(path)


@pytest.fixture
def manager(world: World) -> Holder:
    world.put_key("us_letters", "letters")
    return Holder(world, "editor")


def delivered(world: World) -> str:
    """Deliver Ada's letter on Monday, and return her letter's page."""
    signed = world.confirmed()
    world.clock.now = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    world.week()
    world.feedback("delivery", world.deliveries[0])
    page = world.get(signed.link("confirm"))
    assert page.status == 200
    return signed.link("confirm")


def seen(manager: Holder, target: str = "evanston") -> str:
    """Return the revision of the answer on a recipient's page."""
    return revision_in(manager.see(f"/targets/{target}"))


def revision_in(page: Answered) -> str:
    found = re.search(r'/answer">.*?name="revision" value="([^"]*)"', page.body, re.DOTALL)
    return found[1] if found else ""


def record(
    manager: Holder,
    day: str = MONDAY,
    text: str = TEXT,
    *,
    public: bool = False,
    target: str = "evanston",
    revision: str | None = None,
) -> Answered:
    values = {"day": day, "text": text, "revision": seen(manager, target) if revision is None else revision}
    return manager.press(f"/targets/{target}/answer", values | ({"public": "yes"} if public else {}))


def stored(world: World, target: str = "evanston") -> Answer | None:
    return Campaigns(world.stack.table).target(CAMPAIGN, target).answer


def in_api(world: World) -> Any:
    """Return Evanston's answer as programs read it."""
    targets = world.get(API, headers=KEY, as_json=True).json["targets"]
    return next(target["answer"] for target in targets if target["id"] == "evanston")


def test_an_answer_is_on_the_pages_of_the_recipient_and_of_the_signers_whose_letters_it_answers(
    world: World, manager: Holder
) -> None:
    letter = delivered(world)
    later = world.confirmed(email="bo@signers.example", name="Bo").link("confirm")
    assert record(manager).status == 303

    world.restart("public_api")
    for page in (manager.words("/targets/evanston"), text_of(world.get(letter))):
        assert "We have read your letters. A meeting is on December 9." in page
    assert "Recorded by End Demand Illinois (sample) , and not published by the office itself." in text_of(
        world.get(letter)
    )
    assert "We have read" not in text_of(world.get(later))
    assert "We have read" not in text_of(world.get(FORM))
    answers = world.get(letter, as_json=True).json["answers"]
    assert answers == [{"target": "evanston", "day": MONDAY, "text": TEXT}]


def test_a_later_letter_is_not_answered_by_an_earlier_answer(world: World, manager: Holder) -> None:
    delivered(world)
    record(manager)
    later = world.confirmed(email="bo@signers.example", name="Bo").link("confirm")
    world.clock.advance(days=7)
    world.week()
    record(manager, "2026-12-07", "The second answer.")

    world.restart("public_api")
    page = text_of(world.get(later))
    assert "The second answer." in page
    assert "We have read" not in page
    # An erased letter may have been in no email.
    world.erase(world.signer("bo@signers.example"))
    assert "The second answer." not in text_of(world.get(later))


def test_the_campaigns_page_shows_an_answer_only_if_the_organizer_wants(world: World, manager: Holder) -> None:
    delivered(world)
    record(manager, text="For everyone.")
    world.clock.advance(minutes=2)
    assert "For everyone." not in world.get(FORM).body
    record(manager, text="For everyone.", public=True)
    world.clock.advance(minutes=2)

    for path in (FORM, f"{FORM}/embed"):
        page = world.get(path)
        assert "For everyone." in text_of(page)
        assert page.headers["cache-control"] == "public, max-age=10"
    assert [shown["text"] for shown in world.get(FORM, as_json=True).json["answers"]] == ["For everyone."]
    record(manager, text="For everyone.")
    world.clock.advance(minutes=2)
    assert "For everyone." not in world.get(FORM).body


def test_people_get_their_emails_and_organizers_their_file_while_the_campaigns_page_shows_an_answer(
    world: World, manager: Holder
) -> None:
    delivered(world)
    record(manager, public=True)
    world.clock.advance(minutes=2)

    late = world.confirmed(email="bo@signers.example", name="Bo")
    assert (late.to, late.tags["kind"]) == ("bo@signers.example", "confirmation")
    assert manager.press("/exports").status == 303
    assert world.run_exports() == [{"batchItemFailures": []}]


def test_the_campaigns_page_shows_the_three_newest_answers(world: World, manager: Holder) -> None:
    towns = {"evanston": "60201", "skokie": "60077", "wilmette": "60091", "winnetka": "60093"}
    campaigns = Campaigns(world.stack.table)
    campaigns.put_target(
        CAMPAIGN, replace(campaigns.target(CAMPAIGN, "wilmette"), id="winnetka", postal_codes=("60093",))
    )
    world.clock.advance(minutes=2)
    for name, code in towns.items():
        world.confirmed(email=f"{name}@signers.example", postal_code=code)
    delivered(world)
    world.clock.advance(days=20)
    for day, target in enumerate(towns, start=1):
        made = record(manager, f"2026-12-{day:02}", f"Answer {day}.", public=True, target=target)
        assert made.status == 303, text_of(made, made.status)
    world.clock.advance(minutes=2)

    shown = [answer["text"] for answer in world.get(FORM, as_json=True).json["answers"]]
    assert shown == ["Answer 4.", "Answer 3.", "Answer 2."]


def test_answers_cost_the_form_no_read(world: World, manager: Holder) -> None:
    world.limit(short_roster=0)  # a short one is read again each minute
    delivered(world)

    def reads() -> int:
        world.clock.advance(minutes=2)
        before = len(world.calls)
        assert world.get(FORM).status == 200
        return sum(call.startswith("dynamodb") for call in world.calls[before:])

    reads()
    without = reads()
    record(manager, text="For everyone.", public=True)
    world.clock.advance(minutes=2)
    before = len(world.calls)
    assert "For everyone." in world.get(FORM).body
    # The recipients are read again, because they have changed.
    assert sum(call.startswith("dynamodb") for call in world.calls[before:]) == without + 1
    assert reads() == without


def test_an_answer_replaces_the_one_before_and_an_empty_text_deletes_it_everywhere(
    world: World, manager: Holder
) -> None:
    letter = delivered(world)
    record(manager, public=True)
    record(manager, text="Another one.", public=True)

    def shown(words: str) -> list[bool]:
        world.restart("public_api")
        return [words in page.body for page in (manager.see("/targets/evanston"), world.get(letter), world.get(FORM))]

    assert (shown("We have read"), shown("Another one.")) == ([False] * 3, [True] * 3)
    assert record(manager, "", " \u200b").status == 303
    assert (shown("Another one."), stored(world)) == ([False] * 3, None)


@pytest.mark.parametrize(
    ("typed", "status", "says"),
    [
        (("2026-11-29", TEXT), 409, "The first letters to this recipient went on November 30, 2026. An answer to them"),
        (("2026-12-02", TEXT), 400, "This day is in the future. Give the day on which the answer came."),
        (("soon", TEXT), 400, "Give the day on which the answer came, such as 2026-12-01."),
        (("20261130", TEXT), 400, "Give the day on which the answer came, such as 2026-12-01."),
        (("", TEXT), 400, "Give the day on which the answer came, such as 2026-12-01."),
        ((MONDAY, " \n\u200b "), 400, "Type or paste the answer."),
        ((MONDAY, "x" * 5_001), 400, "Use 5,000 characters or fewer. This answer has 5,001."),
        ((MONDAY, "x" * 70_000), 413, "Shorten your text."),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_the_way_out(
    world: World, manager: Holder, typed: tuple[str, str], status: int, says: str
) -> None:
    day, text = typed
    delivered(world)
    world.clock.advance(days=1)

    refused = record(manager, day, text)
    assert refused.status == status
    assert says in text_of(refused, status)
    assert stored(world) is None
    # What was typed is still there.
    if status < 413 and text == TEXT:
        assert html.escape(TEXT) in refused.body


def test_nothing_can_be_answered_before_a_letter_may_have_arrived(world: World, manager: Holder) -> None:
    world.confirmed()
    assert "Once a delivery to this recipient has gone out" in text_of(record(manager, "2026-11-24"), 409)
    world.clock.now = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert record(manager).status == 409
    assert manager.press("/targets/nowhere/answer", {"day": MONDAY, "text": TEXT}).status == 404


HOSTILE = (
    '<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }} https://evil.example/ "quoted" &amp;\r\n'
    "\u202eabc\u2066 bell\x07 tab\there hidden\u200b\u200b\u200b \U000e0041 one\rtwo\u2028three"
)
PLAIN = (
    '<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }} https://evil.example/ "quoted" &amp;\n'
    "abc bell tab here hidden  one\ntwo\nthree"
)


@pytest.mark.parametrize(("typed", "plain"), [(HOSTILE, PLAIN), ("\U0001f600" * 5_000, "\U0001f600" * 5_000)])
def test_a_hostile_answer_is_shown_as_text(world: World, manager: Holder, typed: str, plain: str) -> None:
    letter = delivered(world)
    record(manager, text=typed, public=True)

    world.restart("public_api")
    for page in (manager.see("/targets/evanston"), world.get(letter), world.get(FORM)):
        found = [
            html.unescape(text) for text in re.findall(r'<div class="answer"[^>]*>(.*?)</div>', page.body, re.DOTALL)
        ]
        assert found == [plain]
        assert "<script>alert" not in page.body
        assert "<img src=x" not in page.body
        assert 'href="https://evil' not in page.body
    for answers in (
        world.get(letter, as_json=True).json["answers"],
        world.get(FORM, as_json=True).json["answers"],
        [in_api(world)],
    ):
        assert [answer["text"] for answer in answers] == [plain]


def test_the_log_says_who_recorded_and_deleted_and_has_no_text(world: World, manager: Holder) -> None:
    delivered(world)
    record(manager)
    world.clock.advance(seconds=1)
    record(manager, text="")

    entries = list(Campaigns(world.stack.table).audit(CAMPAIGN))[:2]
    assert [(entry.action, entry.about, entry.why) for entry in entries] == [
        ("delete answer", f"evanston {MONDAY}", ""),
        ("record answer", f"evanston {MONDAY}", ""),
    ]
    assert "We have read" not in repr([row for row in world.items() if "AUDIT#" in repr(row)])


def test_a_viewer_reads_answers_and_can_change_none(world: World, manager: Holder) -> None:
    delivered(world)
    record(manager)
    reader = Holder(world, "viewer")

    page = reader.see("/targets/evanston").body
    assert "We have read your letters." in page
    assert "Change or delete the answer" not in page
    assert {record(reader).status, record(reader, text="").status} == {403}
    assert in_api(world)["text"] == TEXT


def test_no_answer_after_thirty_days_is_a_state_that_goes_by_recording(world: World, manager: Holder) -> None:
    letter = delivered(world)
    words = "No answer after 30 days"
    fair = "The organizer has recorded no answer in the 30 days since."

    def shown() -> list[bool]:
        world.restart("public_api")
        targets = world.get(f"/organizer/campaigns/{CAMPAIGN}/targets", headers=KEY, as_json=True).json["targets"]
        return [
            words in manager.words("/targets/evanston"),
            "No answer after 30 days: 1 recipient" in manager.words(),
            fair in text_of(world.get(letter)),
            next(target["unanswered"] for target in targets if target["id"] == "evanston"),
        ]

    world.clock.now += timedelta(days=29)
    assert not any(shown())
    world.clock.now += timedelta(days=1)
    assert all(shown())
    record(manager, "2026-12-01")
    assert not any(shown())
    record(manager, text="")
    assert all(shown())


def test_a_bounced_delivery_waits_for_no_answer(world: World, manager: Holder) -> None:
    world.confirmed()
    world.clock.now = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.clock.now += timedelta(days=31)

    assert "No answer after 30 days" not in manager.words()


def test_answers_go_when_the_time_to_keep_data_is_over(world: World, manager: Holder) -> None:
    letter = delivered(world)
    record(manager, public=True)
    world.change(closes=date(2026, 12, 1), keep_for_days=30)
    world.clock.now = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    world.reconcile()
    assert stored(world)
    world.clock.now = datetime(2027, 1, 1, 15, 0, tzinfo=UTC)
    world.reconcile()

    assert stored(world) is None
    world.restart("public_api")
    for page in (world.get(FORM), world.get(letter), manager.see("/targets/evanston"), manager.see()):
        assert "We have read" not in page.body
        assert "No answer after" not in page.body
        assert "recorded no answer" not in page.body
    assert "no longer keeps what people wrote" in text_of(record(manager), 409)


def test_publishing_again_and_correcting_the_address_keep_answers(world: World, manager: Holder) -> None:
    delivered(world)
    stack = world.stack
    before = publishing.to_publish(stack, drafting.draft_of(stack, CAMPAIGN)).changes
    record(manager)
    assert publishing.to_publish(stack, drafting.draft_of(stack, CAMPAIGN)).changes == before
    world.change(title="A new title")
    manager.press("/targets/evanston/address", {"email": "new@evanston.example"})

    assert "We have read your letters." in manager.words("/targets/evanston")


def test_a_save_replaces_no_answer_that_its_author_did_not_see(world: World, manager: Holder) -> None:
    delivered(world)
    old = seen(manager)
    record(manager, text="The first one.")
    for text, words in (("Mine.", "Mine."), ("", "The first one.")):
        refused = record(manager, text=text, revision=old or "2026-11-30T00:00:00+00:00")
        assert "Somebody has just changed this answer." in text_of(refused, 409)
        assert words in refused.body
    kept = stored(world)
    assert kept
    assert kept.text == "The first one."
    # The page that says so has the answer that is there now. Pressed again, its form replaces that.
    assert revision_in(refused) == kept.revision
    assert record(manager, text="Mine.").status == 303
    # A form that is sent twice says nothing new.
    assert record(manager, text="Mine.", revision=old).status == 303


def test_of_two_saves_at_once_the_later_one_is_refused(
    world: World, manager: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(world)
    put = Campaigns.put_answer

    def after_another(campaigns: Campaigns, campaign: str, target: Target, answer: Answer | None) -> None:
        monkeypatch.setattr(Campaigns, "put_answer", put)
        assert record(manager, text="The first one.", revision="").status == 303
        put(campaigns, campaign, target, answer)

    monkeypatch.setattr(Campaigns, "put_answer", after_another)
    assert "Somebody has just changed this answer." in text_of(record(manager, text="Mine.", revision=""), 409)
    kept = stored(world)
    assert kept
    assert kept.text == "The first one."
