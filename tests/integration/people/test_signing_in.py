"""Test signing in by the code of an email: where it works, how often and how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.refusals import Meanwhile
from tests.support.organizers import Browser, add, code_in
from tests.support.world import ADMINISTRATOR, CAMPAIGN, DASHBOARD
from undersigned.people import membership, signing_in
from undersigned.people.directory import find_person
from undersigned.people.queue import people_mails
from undersigned.people.rows.people import People
from undersigned.people.rows.sign_ins import SignIns
from undersigned.people.rules.people import is_code, person_id
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.workshop import drafting

if TYPE_CHECKING:
    from tests.support.world import World

EDITOR = "maria@enddemand.example"
STRANGER = "stranger@elsewhere.example"
ELSEWHERE = {"sec-fetch-site": "cross-site"}


@pytest.fixture
def maria(world: World) -> Browser:
    """Return the browser of an editor who is not signed in."""
    add(world, EDITOR, "editor")
    return Browser(world)


def person_id_of(world: World, email: str) -> str:
    return person_id(world.stack.secret(), email)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_person_signs_in_by_the_code(maria: Browser, world: World) -> None:
    maria.ask(EDITOR.upper())
    shown = maria.see(maria.code_page)
    assert (shown.status, shown.headers["cache-control"]) == (200, "no-store")
    assert "Check your email" in shown.body
    [mail] = world.sent
    assert (mail.to, mail.tags) == (EDITOR, {"kind": "sign_in"})
    code = code_in(mail)
    assert mail.mail["Subject"].startswith(code)
    answer = maria.type_code(f" {code[:3]} {code[3:]}")
    assert (answer.status, answer.headers["location"]) == (303, "/organizer")
    page = maria.see("/organizer").body
    assert EDITOR in page
    assert f'href="{DASHBOARD}"' in page
    assert maria.see("/signatures").status == 200


def test_the_email_has_a_code_and_no_link(maria: Browser, world: World) -> None:
    maria.ask(EDITOR)
    for part in (world.sent[0].text, world.sent[0].html):
        assert code_in(world.sent[0]) in part
        assert "/organizer" not in part


@pytest.mark.asvs("3.3.1", "3.5.4", "7.2.4")
def test_the_session_is_kept_in_a_strict_cookie(maria: Browser, world: World) -> None:
    maria.ask(EDITOR)
    [session] = maria.type_code(code_in(world.sent[-1])).cookies
    name, *attributes = session.split("; ")
    assert name.startswith("__Host-session=")
    assert set(attributes) == {"Path=/", "Max-Age=43200", "HttpOnly", "Secure", "SameSite=Strict"}
    assert "maria" not in session


def test_a_known_and_an_unknown_address_get_the_same_answer_from_the_same_calls(world: World) -> None:
    add(world, EDITOR, "viewer")
    Browser(world).ask(STRANGER)  # The function reads its secret once.
    seen = []
    for email in (EDITOR, STRANGER, ADMINISTRATOR):
        browser, world.calls = Browser(world), []
        answer = browser.post("/organizer/sign-in", {"email": email})
        page = answer.headers.pop("location")
        seen.append((answer.status, answer.headers, answer.cookies, answer.body, len(page), world.calls))
        assert email not in browser.see(page).body
    assert seen[0] == seen[1] == seen[2]
    world.run_people_mails()
    assert [mail.to for mail in world.sent] == [EDITOR, ADMINISTRATOR]


def test_two_mailboxes_are_two_people(maria: Browser, world: World) -> None:
    # Many mail systems deliver a tag to a mailbox of its own, and dots matter outside Gmail.
    drafting.create(world.stack, "a-campaign", ADMINISTRATOR, {})
    add(world, "maria+other@enddemand.example", "owner", "a-campaign")
    maria.ask(EDITOR)
    assert [mail.to for mail in world.sent] == [EDITOR]
    assert [member.campaign for member in People(world.stack.table).campaigns_of(person_id_of(world, EDITOR))] == [
        CAMPAIGN
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("maria@enddemand.example", "maria+tag@enddemand.example"),
        ("maria@gmail.com", "ma.ria@gmail.com"),
        ("maria@gmail.com", "maria@googlemail.com"),
    ],
)
def test_addresses_that_may_be_two_mailboxes_have_two_ids(one: str, other: str) -> None:
    assert person_id("secret", one) != person_id("secret", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("maria@enddemand.example", " Maria@EndDemand.example "),
        ("maria@straße.example", "MARIA@xn--strae-oqa.example"),
    ],
)
def test_one_mailbox_has_one_id_however_it_is_written(one: str, other: str) -> None:
    assert person_id("secret", one) == person_id("secret", other)


@pytest.mark.parametrize("email", ["", "maria", "maria@", "a@b\r\nBcc: c@d.example", "x" * 300 + "@a.example"])
def test_an_address_that_takes_no_email_is_explained(world: World, email: str) -> None:
    answer = Browser(world).post("/organizer/sign-in", {"email": email})
    assert answer.status == 400
    assert "Write an email address like name@example.org." in answer.body
    assert f'value="{email}"' in answer.body
    assert world.run_people_mails() == []


def test_an_address_that_another_site_sends_is_not_in_the_form(world: World) -> None:
    answer = Browser(world).post("/organizer/sign-in", {"email": EDITOR}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status == 403
    assert EDITOR not in answer.body


# Where, when and how often


@pytest.mark.asvs("6.6.2")
def test_a_code_works_only_where_it_was_asked_for(maria: Browser, world: World) -> None:
    maria.ask(EDITOR)
    code, other = code_in(world.sent[-1]), Browser(world)
    assert other.type_code(code).status == 410, "it asked for no email"
    other.ask(EDITOR)
    assert other.type_code(code).status == 400
    assert maria.type_code(code).status == 303


@pytest.mark.asvs("6.5.1")
def test_a_code_works_once(maria: Browser, world: World) -> None:
    maria.ask(EDITOR)
    code, again = code_in(world.sent[-1]), Browser(world, code_page=maria.code_page)
    assert maria.type_code(code).status == 303
    answer = again.type_code(code)
    assert answer.status == 410
    assert "Ask for a new email" in answer.body
    assert again.jar == {}


@pytest.mark.asvs("6.5.5")
def test_a_code_works_for_fifteen_minutes(maria: Browser, world: World) -> None:
    early, late = maria, Browser(world)
    early.ask(EDITOR)
    late.ask(EDITOR)
    world.clock.advance(minutes=14, seconds=59)
    assert early.type_code(code_in(world.sent[0])).status == 303
    world.clock.advance(seconds=1)
    assert late.type_code(code_in(world.sent[1])).status == 410


@pytest.mark.asvs("6.3.1")
def test_a_code_has_five_tries(maria: Browser, world: World) -> None:
    maria.ask(EDITOR)
    code = code_in(world.sent[-1])
    answers = [maria.type_code(wrong(code)) for _ in range(5)]
    assert [answer.status for answer in answers] == [400, 400, 400, 400, 410]
    assert "You can try 1 more time." in answers[3].body
    assert maria.type_code(code).status == 410


@pytest.mark.asvs("6.3.1")
def test_guesses_at_the_same_moment_have_five_tries_together(
    maria: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    maria.ask(EDITOR)
    guess, compared = wrong(code_in(world.sent[-1])), []

    def compare(typed: str, code: str) -> bool:
        compared.append(typed)
        return is_code(typed, code)

    monkeypatch.setattr(signing_in, "is_code", compare)
    for _ in range(4):
        maria.type_code(guess)
    world.watch = Meanwhile(world, "dynamodb:UpdateItem", lambda: maria.type_code(guess))
    assert maria.type_code(guess).status == 410
    assert len(compared) == 5


@pytest.mark.asvs("6.6.3")
def test_after_twenty_wrong_codes_in_a_day_only_an_operators_code_signs_in(maria: Browser, world: World) -> None:
    for _ in range(4):
        maria.ask(EDITOR)
        for _ in range(5):
            maria.type_code(wrong(code_in(world.sent[-1])))
        world.clock.advance(minutes=20)
    maria.ask(EDITOR)
    refused = maria.type_code(code_in(world.sent[-1]))
    assert refused.status == 410
    assert "no emailed code works until midnight UTC. To sign in sooner, ask the person who runs" in refused.words
    refused = maria.post(f"{maria.code_page}?lang=es", {"code": code_in(world.sent[-1])})
    assert "hasta la medianoche UTC. Para iniciar sesión antes, pida un enlace a la persona" in refused.words
    request, code = operators_code(world, EDITOR)
    assert Browser(world).post(f"/organizer/sign-in/{request}", {"code": code}).status == 303
    world.clock.advance(hours=24)
    maria.sign_in(EDITOR)


def test_guesses_at_the_same_moment_pass_no_limit(
    maria: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(19):
        SignIns(world.stack.table).count(
            person_id_of(world, EDITOR), "WRONG", world.clock.now.date().isoformat(), expires_at=world.clock.now
        )
    maria.ask(EDITOR)
    guess, compared = wrong(code_in(world.sent[-1])), []

    def compare_while_another_guess_is_made(typed: str, code: str) -> bool:
        compared.append(typed)
        if len(compared) == 1:
            maria.type_code(guess)
        return is_code(typed, code)

    monkeypatch.setattr(signing_in, "is_code", compare_while_another_guess_is_made)
    maria.type_code(guess)
    assert len(compared) == 1, "the twentieth wrong code of the day"


def test_right_codes_do_not_count_as_wrong_ones(maria: Browser, world: World) -> None:
    for _ in range(5):
        for _ in range(5):
            maria.sign_in(EDITOR)
        world.clock.advance(hours=1)


def test_an_address_gets_five_emails_an_hour(maria: Browser, world: World) -> None:
    for _ in range(8):
        maria.ask(EDITOR)
    assert len(world.sent) == 5
    Browser(world).ask(ADMINISTRATOR)
    assert len(world.sent) == 6, "others get theirs"
    world.clock.advance(hours=1)
    maria.ask(EDITOR)
    assert len(world.sent) == 7


def test_a_network_that_asks_too_often_has_to_wait_and_others_do_not(maria: Browser, world: World) -> None:
    for _ in range(20):
        assert maria.post("/organizer/sign-in", {"email": STRANGER}).status == 303
    answer = maria.post("/organizer/sign-in", {"email": STRANGER})
    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "Too many requests came from your network." in answer.body
    assert f'value="{STRANGER}"' in answer.body
    assert maria.post("/organizer/sign-in", {"email": EDITOR}, source="198.51.100.7").status == 303
    assert world.sign().status == 200, "signing counts apart"
    world.clock.advance(minutes=1)
    assert maria.ask(EDITOR).status == 303


@pytest.mark.parametrize("request_id", ["x", "é", "0" * 32, "0" * 3_000, "A" * 32, "٠" * 32, "0" * 31])
def test_an_odd_address_signs_nobody_in(world: World, request_id: str) -> None:
    # DynamoDB refuses a key of more than 2,048 bytes with an error, and each error of a function goes to an alarm.
    browser, world.calls = Browser(world, code_page=f"/organizer/sign-in/{request_id}"), []
    assert browser.type_code("000000").status in {404, 410}
    assert world.calls == ["dynamodb:UpdateItem"] * (request_id == "0" * 32)


def test_a_post_from_another_site_signs_nobody_in(maria: Browser, world: World) -> None:
    assert maria.post("/organizer/sign-in", {"email": EDITOR}, headers=ELSEWHERE).status == 403
    maria.ask(EDITOR)
    code = code_in(world.sent[-1])
    assert maria.type_code(code, headers=ELSEWHERE).status == 403
    assert maria.type_code(code).status == 303


def test_neither_address_nor_code_is_in_the_table_or_the_queue(world: World) -> None:
    add(world, EDITOR, "editor")
    assert world.memory
    before = list(world.memory.items())
    Browser(world).post("/organizer/sign-in", {"email": STRANGER})
    Browser(world).post("/organizer/sign-in", {"email": EDITOR})
    added = str([item for item in world.memory.items() if item not in before])
    world.run_people_mails()
    code = code_in(world.sent[-1])
    assert "SIGN_IN#" in added
    for personal in (STRANGER, EDITOR, code):
        assert personal not in added


# Emails that SES doesn't take


def test_an_email_is_delivered_again_while_ses_throttles(maria: Browser, world: World) -> None:
    world.throttles = 1
    maria.code_page = maria.post("/organizer/sign-in", {"email": EDITOR}).headers["location"]
    [answer] = world.run_people_mails()
    assert len(answer["batchItemFailures"]) == 1
    assert world.sent == []
    people_mails(world.stack).put_sign_in(maria.code_page.rpartition("/")[2])
    assert world.run_people_mails() == [{"batchItemFailures": []}]
    assert maria.type_code(code_in(world.sent[-1])).status == 303


def test_an_outage_of_ses_takes_none_of_an_hours_emails(maria: Browser, world: World) -> None:
    world.throttles = 7
    maria.code_page = maria.post("/organizer/sign-in", {"email": EDITOR}).headers["location"]
    request = maria.code_page.rpartition("/")[2]
    for _ in range(7):
        assert world.run_people_mails()[0]["batchItemFailures"]
        people_mails(world.stack).put_sign_in(request)
    assert world.run_people_mails() == [{"batchItemFailures": []}]
    assert maria.type_code(code_in(world.sent[-1])).status == 303
    for _ in range(6):
        Browser(world).ask(EDITOR)
    assert len(world.sent) == 5


def test_an_outage_of_ses_loses_no_invitation(world: World) -> None:
    person = add(world, EDITOR, "editor")
    world.refusal = "InternalServiceErrorException"
    for _ in range(7):
        people_mails(world.stack).put_invitation(CAMPAIGN, person)
        assert world.run_people_mails()[0]["batchItemFailures"]
    world.refusal = ""
    for _ in range(5):
        people_mails(world.stack).put_invitation(CAMPAIGN, person)
    world.run_people_mails()
    assert [mail.to for mail in world.sent] == [EDITOR] * 4, "the first of the five was at the beginning"


@pytest.mark.parametrize("by", ["stop", "brake"])
def test_emails_to_sign_in_with_ignore_what_stops_confirmation_emails(maria: Browser, world: World, by: str) -> None:
    budgets = MailBudgets(world.stack.table)
    if by == "stop":
        budgets.stop()
    for _ in range(25 if by == "brake" else 0):
        budgets.record_report("bounced", "clean", world.clock.now)
    assert not budgets.sending(world.clock.now).is_open("clean")
    maria.ask(EDITOR)
    assert len(world.sent) == 1


def test_an_address_that_ses_refuses_is_not_tried_again(maria: Browser, world: World) -> None:
    world.refusal = "MessageRejected"
    maria.ask(EDITOR)
    assert world.run_people_mails() == []


def test_an_email_that_comes_too_late_is_not_sent(maria: Browser, world: World) -> None:
    maria.post("/organizer/sign-in", {"email": EDITOR})
    world.clock.advance(minutes=15)
    world.run_people_mails()
    assert world.sent == []


# Sessions


@pytest.mark.asvs("7.4.1")
def test_signing_out_ends_the_session_here_too(maria: Browser) -> None:
    maria.sign_in(EDITOR)
    copy = Browser(maria.world, jar=dict(maria.jar))
    assert copy.see("/deliveries").status == 200
    assert maria.press("/organizer/sign-out").status == 303
    assert maria.jar == {}
    assert copy.see("/deliveries").status == 303


@pytest.mark.asvs("7.1.1", "7.3.2")
def test_a_session_of_a_person_ends_after_twelve_hours(maria: Browser, world: World) -> None:
    maria.sign_in(EDITOR)
    world.clock.advance(hours=12)
    assert maria.see("/deliveries").status == 200
    world.clock.advance(seconds=1)
    assert maria.see("/deliveries").status == 303


@pytest.mark.asvs("7.4.2", "7.4.5")
def test_removing_a_person_ends_their_sessions_at_once(maria: Browser, world: World) -> None:
    maria.sign_in(EDITOR)
    membership.remove(world.stack, CAMPAIGN, person_id(world.stack.secret(), EDITOR), "command line")
    assert maria.see("/deliveries").status == 303
    assert "Your email address" in maria.see("/organizer").body
    maria.ask(EDITOR)
    assert world.sent[-1].to == EDITOR
    assert len(world.sent) == 1, "nothing is sent to somebody who was removed"


def test_changing_a_role_takes_effect_at_once(maria: Browser, world: World) -> None:
    maria.sign_in(EDITOR)
    person = person_id(world.stack.secret(), EDITOR)
    assert maria.see("/signatures").status == 200
    membership.change_role(world.stack, CAMPAIGN, person, "viewer", "command line")
    assert maria.see("/signatures").status == 403
    assert maria.see("/deliveries").status == 200
    membership.change_role(world.stack, CAMPAIGN, person, "owner", "command line")
    assert maria.see("/people").status == 200


def test_the_administrator_owns_every_campaign_that_exists(world: World) -> None:
    browser = Browser(world)
    browser.sign_in(ADMINISTRATOR)
    assert browser.see("/people").status == 200
    assert browser.see("/organizer/dashboard/none-such").status == 404
    assert browser.see("/organizer/dashboard/~").status == 404
    assert "End Demand Illinois" in browser.see("/organizer").body


# Codes that an operator prints


def operators_code(world: World, email: str) -> tuple[str, str]:
    person = find_person(world.stack, person_id_of(world, email))
    assert person
    return signing_in.operators_code(world.stack, person)


def test_an_operators_code_signs_in_once(world: World) -> None:
    add(world, EDITOR, "owner")
    request, code = operators_code(world, EDITOR)
    first, second = (Browser(world, code_page=f"/organizer/sign-in/{request}") for _ in range(2))
    assert first.see(first.code_page, headers=ELSEWHERE).status == 200
    assert second.type_code(code).status == 303
    assert first.type_code(code).status == 410
    assert second.see("/people").status == 200
    assert world.sent == []


def test_the_pages_to_sign_in_name_the_product(maria: Browser) -> None:
    maria.ask(EDITOR)
    for path, title in (("/organizer", "Sign in"), (maria.code_page, "Check your email")):
        page = maria.see(path).body
        assert f"<title>{title} - Undersigned</title>" in page
        assert '<p class="brand">Undersigned</p>' in page
