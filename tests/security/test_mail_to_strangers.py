"""Emails to strangers: bots that fill in forms cause few, and people get theirs at once."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from benchmarks.meter import Meter
from tests.search.stored import expire
from tests.support import world as worlds
from tests.support.organizers import someone
from tests.support.signatures import changed
from tests.support.world import ADA, CAMPAIGN, CONTEXT, FORM, World, client_of
from tests.support.world import world as make_world
from undersigned.base.mail_domains import NameNotFoundError, NoAnswerError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.organizing.letters import release_letter
from undersigned.organizing.overviews import Overview
from undersigned.signing.queue import waiting_mails
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rules.forms import FormMail
from undersigned.signing.rules.mail_budgets import Budget, start_of_hour
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.world import Answer
    from undersigned.signing.rules.signatures import Lane

FORMS_OVER_A_LIMIT = int(os.environ.get("UNDERSIGNED_FORMS_OVER_A_LIMIT", "3000"))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Make a stack without moto: these tests send hundreds of forms."""
    with make_world(monkeypatch, fast=True) as made:
        yield made


def address(number: int) -> str:
    return f"s{number}@town{number}.example"


def post(world: World, number: int, *, source: str = "203.0.113.7", form: str | None = None, **more: object) -> Answer:
    values = {**ADA, "email": address(number), "form": world.form() if form is None else form, **more}
    answer = world.request("POST", f"{FORM}/signatures", values, source=source)
    assert answer.status == 200
    return answer


def network(number: int) -> str:
    """Return an IP address in a network of its own."""
    return f"198.{18 + number // 256}.{number % 256}.7"


def set_budgets(world: World, limits: str) -> None:
    """Deploy other parameters: an hour's suspicious emails, an hour's, a network's and a domain's."""
    world.variables["MAIL_BUDGETS"] = limits
    for function in ("send_confirmations", "tally"):
        world.restart(function)


def pass_time(world: World, times: int = 1, **by: float) -> None:
    for _ in range(times):
        world.clock.advance(**by)
        world.run_postponed()
        world.run_stream()


def recipients(world: World) -> set[str]:
    return {sent.to for sent in world.sent}


def waiting(world: World, lane: Lane = "suspicious") -> int:
    return Forms(world.stack.table).how_many_postponed(CAMPAIGN, lane, 1_000)


def _wrong_addresses(world: World) -> int:
    return Overview(world.stack, CAMPAIGN).unconfirmed.wrong_addresses


# The share of suspicious forms


def test_forms_without_a_token_share_ten_emails_an_hour_and_none_is_lost(world: World) -> None:
    for number in range(214):
        post(world, number, form="", **({"topic": "pills"} if number < 34 else {}))
    world.run_stream()
    assert len(world.sent) == 10
    assert waiting(world) == 204
    world.run_postponed()
    assert len(world.sent) == 10, "the hour's share is used up"
    pass_time(world, 21, hours=1)
    assert recipients(world) == {address(number) for number in range(214)}
    assert len(world.sent) == 214
    assert waiting(world) == 0


def test_a_person_in_the_middle_of_a_wave_gets_the_email_at_once(world: World) -> None:
    for number in range(60):
        post(world, number, form="")
        if number == 30:
            post(world, 1_000)
    world.run_stream()
    assert address(1_000) in recipients(world)
    assert len(world.sent) == 11


def test_a_released_letter_gets_its_email_at_once_outside_every_budget(world: World) -> None:
    set_budgets(world, "0 0 0 0")
    for number in range(3):
        post(world, number, form="")
    world.run_stream()
    assert world.sent == []
    released = world.row(address(2))
    release_letter(world.stack, CAMPAIGN, released.signer, "she called")
    world.run_stream()
    assert recipients(world) == {address(2)}
    assert waiting(world) == 2
    assert world.press(world.sent[0].link("confirm")).status == 200


def test_a_released_letter_whose_email_a_stop_held_back_needs_no_room(world: World) -> None:
    set_budgets(world, "0 0 0 0")
    MailBudgets(world.stack.table).stop()
    post(world, 1, form="")
    world.run_stream()
    release_letter(world.stack, CAMPAIGN, world.row(address(1)).signer, "she called")
    world.run_stream()
    assert world.sent == []
    MailBudgets(world.stack.table).start(world.clock.now)
    pass_time(world, minutes=5)
    assert recipients(world) == {address(1)}


def test_a_postponed_email_gives_its_signer_fourteen_days_to_confirm(world: World) -> None:
    set_budgets(world, "0 10 10 10")
    post(world, 1, form="")
    world.run_stream()
    world.clock.advance(days=13)
    set_budgets(world, "10 10 10 10")
    world.run_postponed()
    world.clock.advance(days=13)
    assert world.press(world.sent[0].link("confirm")).status == 200
    assert world.row(address(1)).status == "confirmed"


def test_a_postponed_email_whose_letter_is_signed_again_or_withdrawn_is_sent_once(world: World) -> None:
    set_budgets(world, "0 10 10 10")
    post(world, 1, form="")
    world.run_stream()
    world.clock.advance(minutes=1)
    post(world, 1)
    world.run_stream()
    set_budgets(world, "10 10 10 10")
    pass_time(world, hours=1)
    assert [sent.to for sent in world.sent] == [address(1)]
    assert waiting(world) == 0


def test_postponed_words_keep_their_place_when_the_person_signs_again(world: World) -> None:
    set_budgets(world, "10 100 0 100")
    for note in ("First words", "Other words"):
        post(world, 1, note=note)
        world.run_stream()
        world.clock.advance(minutes=1)
    assert (world.sent, waiting(world, "clean")) == ([], 2)
    set_budgets(world, "10 100 10 100")
    pass_time(world, days=1)
    first, second = (sent.link("confirm") for sent in world.sent)
    assert "First words" in world.get(first).body + world.get(second).body
    assert world.press(first).status == 200
    assert waiting(world, "clean") == 0


def test_clean_words_do_not_wait_among_suspicious_ones(world: World) -> None:
    set_budgets(world, "0 0 10 100")
    post(world, 1)
    post(world, 1, form="", note="Buy pills")
    world.run_stream()
    assert (waiting(world, "clean"), waiting(world)) == (1, 1)
    set_budgets(world, "0 10 10 100")
    pass_time(world, hours=1)
    assert len(world.sent) == 1
    assert "Buy pills" not in world.get(world.sent[0].link("confirm")).body


def test_the_reconciliation_leaves_a_postponed_email_alone(world: World) -> None:
    set_budgets(world, "0 10 10 10")
    post(world, 1, form="")
    world.run_stream()
    world.clock.advance(hours=27)
    world.begin_reconciling(CAMPAIGN)
    assert world.run_waiting_mails() == []
    assert waiting(world) == 1


def test_an_email_that_ses_does_not_take_stays_postponed_and_in_its_budget(world: World) -> None:
    set_budgets(world, "0 10 10 10")
    post(world, 1, form="")
    world.run_stream()
    set_budgets(world, "1 10 10 10")
    world.throttles = 100
    pass_time(world, minutes=5)
    assert (len(world.sent), waiting(world)) == (0, 1)
    world.throttles = 0
    pass_time(world, minutes=5)
    assert (len(world.sent), waiting(world)) == (1, 0)


# Budgets of unconfirmed emails


def test_one_network_causes_so_many_unconfirmed_emails_a_day(world: World) -> None:
    set_budgets(world, "10 2000 60 200")
    for number in range(70):
        post(world, number)
    post(world, 1_000, source="198.51.100.7")
    world.run_stream()
    assert (len(world.sent), waiting(world, "clean")) == (61, 10)
    assert address(1_000) in recipients(world)
    pass_time(world, 10, hours=1)
    assert recipients(world) == {address(number) for number in (*range(70), 1_000)}, "the next day has begun"


def test_a_message_that_comes_again_after_its_email_takes_no_room(world: World) -> None:
    set_budgets(world, "10 2 10 10")
    post(world, 1)
    records = world.new_records()
    for _ in range(3):
        world.handlers["send_confirmations"]({"Records": records}, CONTEXT)
        world.run_waiting_mails()
    post(world, 2)
    world.run_stream()
    assert [sent.to for sent in world.sent] == [address(1), address(2)]


def test_emails_that_are_confirmed_give_their_network_room(world: World) -> None:
    set_budgets(world, "10 100 2 100")
    for number in range(2):
        post(world, number)
    world.run_stream()
    for sent in world.sent:
        world.press(sent.link("confirm"))
    world.run_stream()
    for number in range(2, 4):
        post(world, number)
    world.run_stream()
    assert len(world.sent) == 4


def test_an_email_of_yesterday_that_is_confirmed_gives_its_domain_no_room_today(world: World) -> None:
    set_budgets(world, "10 100 100 2")
    for number in range(4):
        post(world, number, email=f"s{number}@made-up.example")
        world.run_stream()
        if number == 0:
            world.clock.advance(days=1)
        if number == 2:
            world.press(world.sent[0].link("confirm"))
            world.run_stream()
    assert (len(world.sent), waiting(world, "clean")) == (3, 1)


def test_a_network_without_room_holds_up_no_other_postponed_email(world: World) -> None:
    set_budgets(world, "10 100 1 100")
    MailBudgets(world.stack.table).stop()
    for number, of in enumerate((1, 1, 2)):
        post(world, number, source=network(of))
        world.run_stream()
        world.clock.advance(minutes=1)
    MailBudgets(world.stack.table).start(world.clock.now)
    pass_time(world, minutes=5)
    assert recipients(world) == {address(0), address(2)}


def test_people_whose_emails_wait_get_them_before_suspicious_forms(world: World) -> None:
    set_budgets(world, "10 0 100 100")
    post(world, 1, form="")
    world.run_stream()
    world.clock.advance(minutes=1)
    post(world, 2)
    world.run_stream()
    set_budgets(world, "10 1 100 100")
    pass_time(world, hours=1)
    assert recipients(world) == {address(2)}


def test_a_bot_that_confirms_gets_no_larger_share(world: World) -> None:
    set_budgets(world, "2 2 100 100")
    for number in range(2):
        post(world, number, form="")
    world.run_stream()
    for sent in world.sent:
        assert world.post(sent.link("confirm")).status == 200
    world.run_stream()
    post(world, 2, form="")
    post(world, 3)
    world.run_stream()
    assert [sent.to for sent in world.sent] == [address(0), address(1), address(3)]


def test_one_domain_gets_so_many_unconfirmed_emails_a_day_unless_it_is_a_providers(world: World) -> None:
    set_budgets(world, "10 100 100 3")
    for number in range(5):
        for domain in ("made-up.example", "gmail.com"):
            post(world, number, email=f"s{number}@{domain}")
    world.run_stream()
    sent = [each.to.partition("@")[2] for each in world.sent]
    assert (sent.count("made-up.example"), sent.count("gmail.com")) == (3, 5)
    pass_time(world, days=1)
    assert len(world.sent) == 10


def test_an_hour_has_so_many_unconfirmed_emails(world: World) -> None:
    set_budgets(world, "10 4 100 100")
    for number in range(10):
        post(world, number, source=network(number))
    world.run_stream()
    sent = [len(world.sent)]
    for _ in range(2):
        pass_time(world, hours=1)
        sent.append(len(world.sent))
    assert sent == [4, 8, 10]


def test_what_one_budget_refuses_takes_nothing_from_another(world: World) -> None:
    set_budgets(world, "10 5 2 100")
    for number in range(10):
        post(world, number)
    for number in range(10, 13):
        post(world, number, source=network(number))
    world.run_stream()
    assert len(world.sent) == 5
    assert {address(number) for number in range(10, 13)} <= recipients(world)


def test_deliveries_keep_their_share_of_the_daily_quota(world: World) -> None:
    world.confirmed()
    world.memory.quota = {"MaxSendRate": 14.0, "Max24HourSend": 200.0, "SentLast24Hours": 160.0}  # type: ignore[union-attr]
    world.restart("send_confirmations")
    for number in range(2):
        post(world, number)
        world.run_stream()
    assert len(world.sent) == 2, "until its first email, a process doesn't know the quota"
    assert waiting(world, "clean") == 1
    world.week()
    assert len(world.deliveries) == 1
    world.memory.quota["SentLast24Hours"] = 80.0  # type: ignore[union-attr]
    world.restart("send_confirmations")
    pass_time(world, hours=1)
    assert waiting(world, "clean") == 0


# The brake and the stop


def send_and_bounce(world: World, numbers: Sequence[int], **form: str) -> None:
    before = len(world.sent)
    for number in numbers:
        post(world, number, source=network(number), **form)
    world.run_stream()
    for sent in world.sent[before:]:
        world.feedback("bounce", sent)
    world.clock.advance(minutes=1)


def test_bounces_delay_emails_to_strangers_and_deliveries_go_on(world: World) -> None:
    world.confirmed()
    send_and_bounce(world, range(19))
    post(world, 100, source=network(100))
    world.run_stream()
    assert address(100) in recipients(world)
    world.feedback("bounce", world.sent[-1])
    world.clock.advance(minutes=1)
    post(world, 101, source=network(101))
    world.run_stream()
    assert (address(101) in recipients(world), waiting(world, "clean")) == (False, 1)
    world.week()
    assert len(world.deliveries) == 1
    pass_time(world, 26, hours=1)
    assert address(101) in recipients(world)


def test_bounces_of_suspicious_forms_delay_no_email_of_a_person(world: World) -> None:
    set_budgets(world, "100 1000 1000 1000")
    send_and_bounce(world, range(20), form="")
    post(world, 100, form="", source=network(100))
    post(world, 101, source=network(101))
    world.run_stream()
    assert address(101) in recipients(world)
    assert address(100) not in recipients(world)


def test_few_bounces_among_many_emails_delay_nothing(world: World) -> None:
    MailBudgets(world.stack.table).take(Budget("unconfirmed", "", start_of_hour(world.clock.now), 1_000), 680)
    for number in range(20):
        post(world, number, source=network(number))
    world.run_stream()
    for sent in world.sent:
        world.feedback("bounce", sent)
    world.clock.advance(minutes=1)
    post(world, 1_000)
    world.run_stream()
    assert address(1_000) in recipients(world)


def test_complaints_delay_emails_but_one_person_can_not(world: World) -> None:
    for number in range(10):
        post(world, number, source=network(number))
    world.run_stream()
    mails = list(world.sent)
    reached = []
    for number in range(3):
        world.feedback("complaint", mails[number])
        world.clock.advance(minutes=1)
        post(world, 100 + number, source=network(100 + number))
        world.run_stream()
        reached.append(address(100 + number) in recipients(world))
    assert reached == [True, True, False]


def test_people_on_the_suppression_list_who_sign_delay_no_emails(world: World) -> None:
    """They marked an earlier email as spam. SES reports a complaint for each email that it then doesn't send."""
    for number in range(4):
        post(world, number, source=network(number))
    world.run_stream()
    for sent in list(world.sent):
        world.feedback("suppressed_complaint", sent)
    world.clock.advance(minutes=1)
    post(world, 100, source=network(100))
    world.run_stream()
    assert address(100) in recipients(world)


def confirmations(world: World, monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    """Run `undersigned confirmations`, and return what it prints."""
    stack = SimpleNamespace(opened=lambda: world.stack)
    monkeypatch.setattr("undersigned_cli.stacks.DeployedStack.in_aws", lambda _name: stack)
    result = CliRunner().invoke(app, ["confirmations", *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_an_operator_stops_and_starts_confirmation_emails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Stopped" in confirmations(world, monkeypatch, "stop", "--why", "a wave")
    world.clock.advance(minutes=1)
    post(world, 1)
    world.run_stream()
    pass_time(world, minutes=5)
    assert world.sent == []
    states = json.loads(confirmations(world, monkeypatch, "show", "--json"))
    assert [row["state"] for row in states] == ["stopped", "stopped"]
    confirmations(world, monkeypatch, "start")
    pass_time(world, minutes=5)
    assert recipients(world) == {address(1)}
    log = [(entry.action, entry.why) for entry in Campaigns(world.stack.table).audit(CAMPAIGN)]
    assert log == [("start confirmations", ""), ("stop confirmations", "a wave")]


def test_starting_ends_a_brake(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    send_and_bounce(world, range(20))
    post(world, 100, source=network(100))
    world.run_stream()
    assert address(100) not in recipients(world)
    [clean, suspicious] = json.loads(confirmations(world, monkeypatch, "show", "--json"))
    assert clean == {"lane": "clean", "state": "braked", "sent": 20, "bounced": 20, "complained": 0}
    assert suspicious["state"] == "on"
    assert "suspicious forms" in confirmations(world, monkeypatch, "show")
    confirmations(world, monkeypatch, "start")
    pass_time(world, minutes=5)
    assert address(100) in recipients(world)


def test_each_run_of_the_schedule_says_that_a_brake_is_on(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The alarm counts these lines."""
    send_and_bounce(world, range(20))
    world.run_postponed()
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == ["the brake is on"]


def test_an_email_that_ses_refuses_is_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The alarm counts these lines."""
    world.refusal = "BadRequestException"
    post(world, 1)
    world.run_stream()
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == ["SES refused an email"]


def test_each_run_of_the_schedule_says_that_the_daily_quota_is_short(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Also in a process that has sent none of the day's emails. The alarm counts these lines."""
    quota = {"MaxSendRate": 14.0, "Max24HourSend": 200.0, "SentLast24Hours": 160.0}
    world.memory.quota = quota  # type: ignore[union-attr]
    world.restart("send_confirmations")
    world.run_postponed()
    assert MailBudgets(world.stack.table).sending(world.clock.now).short_of_quota
    pass_time(world, minutes=5)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "the daily quota is short"
    ] * 2
    quota["SentLast24Hours"] = 80.0
    world.restart("send_confirmations")
    pass_time(world, minutes=11)
    assert not MailBudgets(world.stack.table).sending(world.clock.now).short_of_quota


# What organizers see


def test_an_organizer_sees_how_many_emails_wait(world: World) -> None:
    set_budgets(world, "1 3 10 10")
    world.put_key("us_letters", "letters")
    for number in range(3):
        post(world, number, form="")
        post(world, 10 + number, source=network(number))
    world.run_stream()
    headers = {"authorization": "Bearer us_letters"}
    found = world.request("GET", f"/organizer/campaigns/{CAMPAIGN}", headers=headers, as_json=True).json
    assert found["postponed_emails"] == {"quarantined": 2, "others": 1}
    organizer = someone(world, "editor")
    page = organizer.see().body
    assert "letters in quarantine that wait: 2" in page
    assert "Confirmation emails that wait: 1" in page
    letter = organizer.see(f"/signatures/{world.row(address(2)).signer}").body
    assert "Its confirmation email waits" in letter


# Domains that take no email


def set_dns(monkeypatch: pytest.MonkeyPatch, world: World, answers: dict[str, object]) -> list[str]:
    """Let the DNS answer this, and return the names that it is asked for."""
    asked: list[str] = []

    def look_up(domain: str) -> Sequence[tuple[int, str]]:
        asked.append(domain)
        answer = answers.get(domain, [(10, "mail.example.")])
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]

    monkeypatch.setattr(worlds, "_look_up", look_up)
    world.variables["ACCEPT_RESERVED_DOMAINS"] = "false"
    world.restart("send_confirmations")
    return asked


def test_a_domain_that_takes_no_email_gets_none_and_the_organizer_sees_why(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = set_dns(monkeypatch, world, {"gone.org": NameNotFoundError(), "null.org": [(0, ".")], "host.org": []})
    for number, domain in enumerate(["gone.org", "null.org", "host.org", "fine.org", "gmail.com", "gone.org"]):
        post(world, number, email=f"s{number}@{domain}")
    world.run_stream()
    assert {sent.to.partition("@")[2] for sent in world.sent} == {"host.org", "fine.org", "gmail.com"}
    assert [world.row(f"s{number}@{domain}").quarantine for number, domain in ((0, "gone.org"), (1, "null.org"))] == [
        "no mailbox",
        "no mailbox",
    ]
    assert _wrong_addresses(world) == 3, "gone.org twice, null.org once"
    assert asked == ["gone.org", "null.org", "host.org", "fine.org"], "known providers are not, and the others once"
    world.clock.advance(hours=27)
    world.begin_reconciling(CAMPAIGN)
    assert world.run_waiting_mails() == [], "it is not asked for again"


def test_wrong_addresses_are_shown_apart_from_forms_that_look_like_a_bots(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver says yes of one domain, no of another, and nothing of the third."""
    set_dns(monkeypatch, world, {"gone.org": NameNotFoundError(), "silent.org": NoAnswerError()})
    for number, domain in enumerate(["fine.org", "gone.org", "silent.org"]):
        post(world, number, email=f"s{number}@{domain}")
    post(world, 9, form="")
    world.run_stream()
    world.put_key("us_letters", "letters")
    key = {"authorization": "Bearer us_letters"}
    overview = world.get(f"/organizer/campaigns/{CAMPAIGN}", headers=key, as_json=True).json
    assert overview["wrong_addresses"] == 1
    organizer = someone(world, "editor")
    assert "Forms with a wrong email address 1 Their domains take no email." in organizer.words()
    letters = organizer.words("/signatures?status=quarantined")
    assert letters.count("Wrong email address") == 1, "the other form in quarantine has an address that takes email"
    # A person who knows the domain releases the letter. It is then like any other, and so is its count.
    wrong = world.row("s1@gone.org")
    release_letter(world.stack, CAMPAIGN, wrong.signer, "the domain is new")
    set_dns(monkeypatch, world, {})
    world.run_stream()
    assert "s1@gone.org" in {sent.to for sent in world.sent}
    assert _wrong_addresses(world) == 0


def test_a_form_with_a_wrong_address_is_deleted_after_14_days_and_counts_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_dns(monkeypatch, world, {"gone.org": NameNotFoundError()})
    post(world, 1, email="s1@gone.org")
    world.run_stream()
    assert _wrong_addresses(world) == 1
    world.clock.advance(days=14)
    assert expire(world)
    world.run_stream()
    assert _wrong_addresses(world) == 0


def test_a_resolver_that_fails_costs_nobody_an_email(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set_dns(monkeypatch, world, {f"town{number}.example": NoAnswerError() for number in range(10)})
    for number in range(10):
        post(world, number)
    world.run_stream()
    assert len(world.sent) == 10
    assert len(asked) == 3, "it is left alone for a minute after three failures"
    world.clock.advance(minutes=2)
    post(world, 100)
    world.run_stream()
    assert asked[3:] == ["town100.example"]


# People who must never wait


def test_a_person_whose_form_is_filled_in_at_once_does_not_wait(world: World) -> None:
    """A browser's autofill, or a script of an assistive technology, fills in a form in no time."""
    post(world, 1, form=world.form(opened=0))
    world.run_stream()
    assert recipients(world) == {address(1)}


def test_thirty_people_of_a_school_do_not_wait(world: World) -> None:
    for number in range(30):
        post(world, number)
    world.run_stream()
    assert len(world.sent) == 30


def test_a_browser_without_javascript_does_not_wait(world: World) -> None:
    """`null` is the Origin of our own pages without JavaScript."""
    form = world.form()
    values = {**ADA, "form": form}
    world.request("POST", f"{FORM}/signatures", values, headers={"origin": "null"})
    world.run_stream()
    assert recipients(world) == {ADA["email"]}


def test_a_person_is_mailed_at_once_while_hundreds_of_forms_are_over_a_limit(world: World) -> None:
    """No form over a limit stays in the queue: it waits on its row, and a run queues what has room."""
    set_budgets(world, "10 2000 50 200")
    for number in range(300):
        post(world, number)
        post(world, 1_000 + number, form="", source=network(number))
    post(world, 5_000, source="192.0.2.7")
    world.run_stream()
    assert address(5_000) in recipients(world)
    assert len(world.sent) == 50 + 10 + 1
    assert waiting(world, "clean") + waiting(world) == 601 - 61
    sent = len(world.sent)
    world.queue_postponed()
    assert waiting_mails(world.stack).is_empty(), "no room, so nothing is queued"
    world.run_waiting_mails()
    assert len(world.sent) == sent


def put_over_a_limit(world: World, forms: int) -> None:
    """Let half of so many forms wait for room in the hour's budget of bots, and half for their network's next day."""
    post(world, 0)
    world.run_stream()
    [pattern] = world.forms()
    for number in range(1, forms // 2 + 1):
        clean = changed(pattern, signer=f"{number:032x}", form=f"{number:016x}", email=address(number))
        suspicious = replace(clean, signer=f"{forms + number:032x}", quarantine="no token", network=f"{number:016x}")
        for form, until in ((clean, world.clock.now + timedelta(days=1)), (suspicious, world.clock.now)):
            Forms(world.stack.table).put(form)
            Forms(world.stack.table).postpone_mail(FormMail(form), until)
    world.new_records()


def cost_beside(forms: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, float, int]]:
    """Return the calls, read units and write units of a person's email, and of a run of the schedule."""
    with make_world(monkeypatch, fast=True) as world:
        put_over_a_limit(world, forms)
        world.watch = meter = Meter(client_of("dynamodb"))
        post(world, forms, source="192.0.2.7")
        world.run_stream()
        assert world.sent[-1].to == address(forms), "at once"
        signing = meter.calls.total(), meter.reads, meter.writes
        meter.reset()
        world.queue_postponed()
        return {"sign": signing, "schedule": (meter.calls.total(), meter.reads, meter.writes)}


def test_what_an_email_and_the_schedule_cost_does_not_grow_with_the_forms_over_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Up to a thousand of a lane are counted.
    few, many = (cost_beside(forms, monkeypatch) for forms in (2_010, FORMS_OVER_A_LIMIT))
    assert few == many
