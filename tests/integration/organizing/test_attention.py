"""*Needs attention* on the overview: each point names its cause and the next step, with its button."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.faults.refusals import Refusing
from tests.support.many_targets import publish_towns
from tests.support.world import CAMPAIGN, DASHBOARD
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Target
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from tests.support.organizers import Browser
    from tests.support.world import World


HELD_ELSEWHERE = "Town 59"
BOTH = [f"/deliveries/2026-11-24/evanston/settle-as-{outcome}" for outcome in ("sent", "not-sent")]


def attention(organizer: Browser, query: str = "") -> str:
    """Return the words of the section."""
    return re.split(r"Needs attention|Figures", organizer.words(query))[1].strip()


def buttons(organizer: Browser) -> set[str]:
    """Return where the forms and links of the section lead, after the address of the campaign's dashboard."""
    section = organizer.see().body.partition('id="to-do"')[2].partition('id="figures"')[0]
    return set(re.findall(rf'(?:action|href)="{DASHBOARD}([^"]*)"', section))


def test_a_campaign_in_order_says_so_and_nothing_else(manager: Browser) -> None:
    assert attention(manager) == "No problems"


def test_a_pause_has_its_button(world: World, manager: Browser, reader: Browser) -> None:
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    assert attention(manager).startswith("Campaign paused Nothing is sent until someone resumes the campaign.")
    assert buttons(manager) == {"/resume"}
    assert buttons(reader) == set()


def test_a_complaint_says_what_to_do_even_if_no_letter_waits(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[-1])
    said = attention(manager)
    assert "Evanston: someone there marked the email as spam" in said
    assert "No letters are waiting now. New letters will wait." in said
    assert "Call the office, and ask how they want to get letters. Send to this recipient again" in said
    assert buttons(manager) == {"/targets/evanston/release", "/targets/evanston/address", "/targets/evanston"}
    world.confirmed(email="bo@signers.example")
    assert "1 letter is waiting. Nothing is sent to this recipient for now." in attention(manager)
    manager.press("/targets/evanston/release")
    assert attention(manager) == "No problems"


def test_a_hold_names_its_reason_and_can_be_ended(world: World, manager: Browser) -> None:
    manager.press("/targets/evanston/hold", {"why": "a new chief"})
    assert "Evanston: letters on hold The reason: “a new chief”." in attention(manager)
    assert buttons(manager) == {"/targets/evanston/release", "/targets/evanston"}


def test_a_bounce_is_settled_on_the_overview(world: World, manager: Browser, reader: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    delivery = "/deliveries/2026-11-24/evanston"
    assert "the email of November 24, 2026 bounced" in attention(manager)
    assert buttons(manager) == {delivery, f"{delivery}/retry", f"{delivery}/close-unsent", "/targets/evanston/address"}
    assert buttons(reader) == {delivery}
    saved = manager.press("/targets/evanston/address", {"email": "new@evanston.example", "back": "/"})
    assert saved.headers["location"] == f"{DASHBOARD}?done=address-saved"
    assert "The address is now new@evanston.example. Send the email again." in attention(manager)
    assert manager.press(f"{delivery}/retry", manager.revision("") | {"back": "/"}).status == 303
    world.run_queue()
    assert world.deliveries[-1].to == "new@evanston.example"
    assert attention(manager) == "No problems"


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/../x", "\\x", "/targets/evanston?x=y"])
def test_a_button_leads_back_to_no_other_site(manager: Browser, back: str) -> None:
    assert manager.press("/pause", {"back": back}).headers["location"].startswith(f"{DASHBOARD}")


def test_an_address_that_takes_no_email_is_told_without_a_delivery(world: World, manager: Browser) -> None:
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    Campaigns(world.stack.table).set_mail_state(CAMPAIGN, "evanston", target.email, "bounced")
    said = attention(manager)
    assert f"Evanston: email bounces The address {target.email} takes no email." in said
    assert "Save an address that takes email, and they go out with the next delivery." in said
    assert buttons(manager) == {"/targets/evanston", "/targets/evanston/address"}


def test_an_email_without_an_outcome_leads_to_the_decision(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(days=3)
    manager.enter("editor")
    assert "nobody has said whether the email of November 24, 2026 arrived" in attention(manager)
    assert buttons(manager) == {"/deliveries/2026-11-24/evanston", *BOTH}


def test_an_email_in_doubt_leads_to_the_decision(world: World, manager: Browser) -> None:
    world.confirmed()
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    world.clock.advance(hours=2)
    world.week()
    assert "we don’t know whether the email of November 24, 2026 left" in attention(manager)
    assert "Ask the office whether it has the email, then decide." in attention(manager)
    assert buttons(manager) == {"/deliveries/2026-11-24/evanston", *BOTH}


def test_letters_on_hold_lead_those_who_may_decide_to_them(world: World, manager: Browser, reader: Browser) -> None:
    for name in ("ada", "bo"):
        world.confirmed(email=f"{name}@signers.example")
        [row] = Signatures(world.stack.table).signatures(CAMPAIGN, [world.signer(f"{name}@signers.example")])
        Signatures(world.stack.table).hold(row)
    for person in (manager, reader):
        assert "2 letters are on hold Letters on hold stay out of every delivery" in attention(person)
    assert "/screening" in buttons(manager)
    assert "/screening" not in buttons(reader)


def test_stopped_confirmation_emails_are_told_before_anyone_waits(world: World, manager: Browser) -> None:
    MailBudgets(world.stack.table).stop()
    said = attention(manager)
    assert said.startswith("Confirmation emails are stopped The person who runs the system stopped them")
    assert "Emails that wait" not in said
    world.sign()
    world.run_stream()
    assert "Emails that wait: 1." in attention(manager)
    MailBudgets(world.stack.table).start(world.clock.now)
    assert "Confirmation emails that wait: 1 They were stopped for a while, or a limit was reached" in attention(
        manager
    )


def test_a_brake_is_told_as_the_cause(world: World, manager: Browser) -> None:
    for _ in range(25):
        MailBudgets(world.stack.table).record_report("bounced", "clean", world.clock.now)
    assert attention(manager).startswith("Confirmation emails wait: too many bounced")


def test_a_short_daily_quota_is_told_with_what_to_do(world: World, manager: Browser) -> None:
    MailBudgets(world.stack.table).note_short_of_quota(world.clock.now)
    said = attention(manager)
    assert said.startswith("Confirmation emails wait: the system has sent nearly all that it may in a day")
    assert "Tell the person who runs the system to ask AWS for a higher limit." in said


def test_what_waits_for_send_now_is_told_with_its_button(world: World, manager: Browser) -> None:
    world.change_and_wait(send_now_only=True)
    world.confirmed()
    assert "1 letter waits for “Send now”" in attention(manager)
    just_pressed = manager.words("?done=delivered")
    assert "The emails go out within minutes, and letters" in just_pressed
    assert "waits for “Send now”" not in just_pressed
    assert "No problems" in just_pressed
    assert buttons(manager) == {"/deliveries/next", "/targets/evanston/next"}


def test_a_campaign_that_is_over_says_what_is_left_to_do(world: World, manager: Browser) -> None:
    world.confirmed()
    world.change_and_wait(closes=date(2026, 11, 20), keep_for_days=60)
    said = attention(manager)
    assert said.startswith("Signing closed on November 20, 2026 1 letter is waiting.")
    assert "What letters say about people is deleted after January 19, 2027." in said
    assert buttons(manager) == {"/exports"}
    assert "Next delivery None" not in manager.words()
    world.week()
    assert "The campaign is over, and no confirmed letter is waiting." in attention(manager)
    world.feedback("bounce", world.deliveries[-1])
    assert "The campaign is over" not in attention(manager)
    assert "Some deliveries are not finished yet." in attention(manager)
    assert "Next delivery None, nobody can sign, and no letter is waiting" in manager.words()


def test_letters_that_a_plan_missed_are_told_a_day_later(world: World, manager: Browser) -> None:
    world.confirmed()
    world.clock.now = datetime(2026, 11, 30, 15, tzinfo=UTC) + timedelta(hours=25)
    manager.enter("editor")
    assert "Evanston: letters are overdue" in attention(manager)
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    assert "overdue" not in attention(manager)


def test_a_campaign_that_is_not_open_yet_says_so(world: World, manager: Browser) -> None:
    world.change_and_wait(opens=date(2026, 12, 20), closes=None)
    assert attention(manager).startswith("Signing opens on December 20, 2026")


def test_trouble_on_another_page_of_recipients_is_not_hidden(world: World, manager: Browser) -> None:
    for number in range(60):
        target = Target(f"zz-{number:02}", "Chief", f"Nr {number:02}", "Police", f"Town {number:02}", "a@b.example", ())
        Campaigns(world.stack.table).put_target(CAMPAIGN, target)
    assert attention(manager) == "No problems with the recipients on this page. There may be some on the other pages."
    Campaigns(world.stack.table).record_complaint(CAMPAIGN, "zz-59", world.clock.now)
    assert f"{HELD_ELSEWHERE}: someone there marked the email as spam" in attention(manager)
    assert "/targets/zz-59/release" in buttons(manager)


def test_the_next_delivery_of_a_paused_campaign_is_none(world: World, manager: Browser) -> None:
    assert "Next delivery Nov 30, 2026" in manager.words()
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    assert "Next delivery None, the campaign is paused" in manager.words()


def test_the_overview_has_the_forms_address_to_copy(manager: Browser) -> None:
    body = manager.see().body
    assert re.search(rf'<input id="form-url" value="https://[a-z.]+/campaigns/{CAMPAIGN}" readonly', body)
    # Without the script, nobody sees a button that does nothing.
    assert re.search(r'<button[^>]*data-copy="form-url"[^>]* hidden>', body)


def test_a_release_while_the_campaign_is_paused_promises_no_delivery(world: World, manager: Browser) -> None:
    manager.press("/targets/evanston/hold", {"why": "a new chief"})
    assert manager.press("/targets/evanston/release").headers["location"].endswith("?done=released")
    manager.press("/targets/evanston/hold", {"why": "a new chief"})
    manager.press("/pause")
    after = manager.press("/targets/evanston/release").headers["location"]
    assert "The letters to this recipient go out after the campaign is resumed." in manager.words(after)


# Languages


def test_a_chosen_language_is_kept_in_a_cookie_for_all_pages(world: World, manager: Browser) -> None:
    page = manager.see("/deliveries")
    assert f'<a href="{DASHBOARD}/deliveries?lang=es" lang="es" hreflang="es">Español</a>' in page.body
    chosen = manager.see("/deliveries?lang=es")
    assert '<html lang="es">' in chosen.body
    [cookie] = chosen.cookies
    name, *attributes = cookie.split("; ")
    assert name == "__Host-language=es"
    assert {"Path=/", "HttpOnly", "Secure", "SameSite=Strict"} <= set(attributes)
    for path in ("", "/signatures", "/exports", "/audit", "/targets/evanston", "/screening"):
        shown = manager.see(path)
        assert '<html lang="es">' in shown.body, path
        assert 'lang="en" hreflang="en">English</a>' in shown.body, path
        assert shown.cookies == ()
    assert '<html lang="es">' in world.get("/organizer", cookies=["__Host-language=es"]).body


def test_why_a_delivery_is_on_hold_is_said_in_the_readers_language(world: World, manager: Browser) -> None:
    world.confirmed()
    Campaigns(world.stack.table).record_complaint(CAMPAIGN, "evanston", world.clock.now)
    world.week()
    path = "/deliveries/2026-11-24/evanston"
    assert "Someone at this office marked an earlier email as spam." in manager.words(path)
    spanish = manager.words(f"{path}?lang=es")
    assert "Alguien de esta oficina marcó un correo anterior como no deseado." in spanish
    assert "marked" not in spanish


def test_a_link_to_another_language_keeps_the_rest_of_the_address(manager: Browser) -> None:
    page = manager.see("/signatures?status=confirmed&done=none-found")
    assert f'href="{DASHBOARD}/signatures?status=confirmed&amp;lang=es"' in page.body


def test_after_a_refused_post_the_link_leads_to_the_overview(manager: Browser) -> None:
    page = manager.press("/targets/evanston/hold", {"why": ""})
    assert page.status == 409
    assert f'href="{DASHBOARD}?lang=es"' in page.body


@pytest.mark.parametrize("language", ["fr", "", "es%22%3E"])
def test_an_unknown_language_changes_nothing(manager: Browser, language: str) -> None:
    page = manager.see(f"?lang={language}")
    assert '<html lang="en">' in page.body
    assert page.cookies == ()


def test_the_sign_in_form_has_the_switch_too(world: World) -> None:
    page = world.get("/organizer?lang=es")
    assert '<html lang="es">' in page.body
    assert 'href="/organizer?lang=en"' in page.body
    assert page.cookies[0].startswith("__Host-language=es; ")


def test_without_a_choice_a_page_has_the_campaigns_language(world: World, manager: Browser) -> None:
    world.change_and_wait(language="es")
    assert '<html lang="es">' in manager.see().body


def test_a_bounced_delivery_goes_again_to_the_address_typed_beside_the_button(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    retry = f"{DASHBOARD}/deliveries/2026-11-24/evanston/retry"
    form = manager.see().body.partition(f'formaction="{retry}"')
    assert '<input name="email"' in form[0].rpartition("<form")[2], "the address and the button are in one form"
    seen = manager.revision("") | {"back": "/"}
    for typed in ("", "desk"):
        assert manager.press(retry, seen | {"email": typed}).status == 400
    world.run_queue()
    assert len(world.deliveries) == 1, "nothing goes to the bad address"
    assert manager.press(retry, seen | {"email": " new@evanston.example"}).status == 303
    world.run_queue()
    assert [sent.to for sent in world.deliveries] == ["chief@evanston-police.example", "new@evanston.example"]
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email == "new@evanston.example"
    assert "Corrected a recipient’s address" in manager.words("/audit")


@pytest.mark.parametrize("path", ["/targets/evanston/address", "/deliveries/2026-11-24/evanston/retry"])
def test_a_mistyped_address_of_an_office_is_asked_about_before_it_is_saved(
    world: World, manager: Browser, path: str
) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    typed = manager.revision("") | {"back": "/", "email": "chief@gmial.com", "why": "They <b>called</b>."}
    asked = manager.press(path, typed)
    assert asked.status == 200
    assert f'<form method="post" action="{DASHBOARD}{path}">' in asked.body
    assert '<input type="hidden" name="why" value="They &lt;b&gt;called&lt;/b&gt;.">' in asked.body
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email == "chief@evanston-police.example"
    world.run_queue()
    assert len(world.deliveries) == 1
    sent = dict(re.findall('<input type="hidden" name="([^"]*)" value="([^"]*)">', asked.body))
    assert manager.press(path, sent | {"email_is": "chief@gmail.com"}).status == 303
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email == "chief@gmail.com"


# Figures


def figures(organizer: Browser, query: str = "") -> dict[str, str]:
    """Return the large numbers of the overview by their labels."""
    section = organizer.see(query).body.partition('<dl class="figures">')[2].partition("</dl>")[0]
    return dict(re.findall(r"<dt>([^<]+)</dt><dd><strong>([^<]+)</strong>", section))


def test_the_figures_add_up_while_a_delivery_is_bounced(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    world.confirmed(email="bo@signers.example")
    assert figures(manager) == {
        "Confirmed letters": "2",
        "Signed, not confirmed yet": "0",
        "Letters waiting": "1",
        "Letters not delivered yet": "1",
        "Letters sent": "0",
    }


def test_no_page_of_an_overview_says_its_own_sums_for_the_campaigns(world: World, manager: Browser) -> None:
    publish_towns(world, 60)
    world.confirmed(postal_code="61001")
    following = re.search(r'href="(\?cursor=[^"#]+)', manager.see().body)
    assert following
    for query in ("", following[1]):
        assert figures(manager, query).keys() == {"Confirmed letters", "Signed, not confirmed yet"}
        assert 'data-sortable="part"' in manager.see(query).body
