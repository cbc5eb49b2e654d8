"""Test exports of a campaign's signatures: requested, written by a separate function, downloaded by a link."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.faults.refusals import KilledError, Meanwhile, Refusing, killed
from tests.support.exports import asked, file_of, rows_of
from tests.support.organizers import act, read, someone
from tests.support.world import CAMPAIGN, CONTEXT, client_of
from undersigned.base.errors import ChangedError, NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.organizing.exporting import (
    NotReadyError,
    ask,
    csv_lines,
    get_export,
    link_to,
    put_off_export,
    recent_exports,
)
from undersigned.organizing.pages.exports import COLUMNS_IN_WORDS
from undersigned.organizing.queues import ExportQueue, export_queue
from undersigned.organizing.rows.exports import Exports
from undersigned.organizing.rules.exports import COLUMNS, ExportFilter
from undersigned.organizing.rules.screening import SignatureFilter
from undersigned.organizing.screening import screen
from undersigned.signing.rules.signatures import signer_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World
    from undersigned.organizing.rules.exports import Export, News

HOSTILE = "=HYPERLINK(A1)"


def sign(world: World, people: int) -> list[str]:
    for number in range(people):
        world.clock.advance(seconds=1)
        world.sign(email=f"signer{number}@signers.example")
    return [f"signer{number}@signers.example" for number in reversed(range(people))]


def emails_of(world: World, export: Export) -> list[str]:
    return [row["email_address"] for row in rows_of(file_of(world, export))]


def test_the_page_says_what_the_columns_mean_and_where_the_file_will_be(world: World) -> None:
    editor = someone(world, "editor")
    asked_for = editor.press("/exports")
    page = editor.see(f"/exports?{asked_for.headers['location'].partition('?')[2]}")
    assert COLUMNS_IN_WORDS.keys() <= {*COLUMNS}
    assert "action_date When the letter was signed." in page.words
    assert "The file is in the list below." in page.words
    assert '<td role="cell" class="count" data-label="Letters"></td>' in page.body
    world.run_exports()
    assert "being created" not in editor.words("/exports")
    assert '<td role="cell" class="count" data-label="Letters">0</td>' in editor.see("/exports").body


def test_an_export_has_every_row_newest_first(world: World) -> None:
    expected = sign(world, 12)
    requested = asked(world)
    assert requested.state == "queued"
    assert world.run_exports() == [{"batchItemFailures": []}]
    done = get_export(world.stack, CAMPAIGN, requested.id)
    file = file_of(world, done)
    assert (done.state, done.rows, done.bytes) == ("done", 12, len(file))
    assert file.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n")
    assert [row["email_address"] for row in rows_of(file)] == expected


def test_an_export_that_the_activity_log_does_not_take_is_not_left_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise ChangedError

    monkeypatch.setattr(Campaigns, "record_audit", refuse)
    with pytest.raises(ChangedError):
        asked(world)
    assert recent_exports(world.stack, CAMPAIGN) == ()
    assert world.run_exports() == []


def test_a_formula_in_a_name_is_text_in_the_file(world: World) -> None:
    world.sign(name=HOSTILE, note=f"Hello;{HOSTILE}")
    requested = asked(world)
    world.run_exports()
    [row] = rows_of(file_of(world, requested))
    assert (row["full_name"], row["comments"]) == (f"'{HOSTILE}", f"Hello;'{HOSTILE}")


def test_an_export_selects_letters_by_target_and_status_without_erased_ones(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    world.sign(email="cy@signers.example")
    world.sign(email="di@signers.example")
    erased = next(form.signer for form in world.forms() if form.words.email.startswith("di"))
    world.erase(erased)
    found = {}
    for wanted in (
        ExportFilter(),
        ExportFilter(target="evanston"),
        ExportFilter(status="confirmed"),
        ExportFilter("evanston", "confirmed"),
    ):
        requested = asked(world, wanted)
        world.run_exports()
        found[str(wanted)] = sorted(email.partition("@")[0] for email in emails_of(world, requested))
    assert found == {
        "all": ["ada", "bo", "cy"],
        "evanston": ["ada", "cy"],
        "confirmed": ["ada", "bo"],
        "evanston confirmed": ["ada"],
    }


def test_signatures_during_an_export_neither_repeat_nor_hide_a_row(world: World) -> None:
    expected = sign(world, 9)
    lines = csv_lines(world.stack, CAMPAIGN, ExportFilter(), read_ahead=2)
    file = next(lines) + next(lines)
    for late, line in enumerate(lines):
        file += line
        world.clock.advance(seconds=1)
        world.sign(email=f"late{late}@signers.example")
    assert [row["email_address"] for row in rows_of(file)] == expected


def test_a_long_file_is_uploaded_in_parts(world: World) -> None:
    lines = [bytes(1_000) + b"%d" % number for number in range(11_000)]
    world.calls.clear()
    world.stacks["export_signatures"].bucket.write("exports/long.csv", iter(lines))
    assert world.calls.count("s3:UploadPart") > 2
    assert "s3:CompleteMultipartUpload" in world.calls
    assert world.stack.bucket.get("exports/long.csv") == b"".join(lines)


@pytest.mark.moto
def test_an_export_that_crashed_starts_again_and_leaves_no_partial_file(world: World) -> None:
    world.limit(upload_part=100)
    expected = sign(world, 3)
    requested = asked(world)
    world.watch = Refusing({"s3:CompleteMultipartUpload": "InternalError"}, status=500)
    [answer] = world.run_exports()
    world.watch = None
    assert answer["batchItemFailures"] != []
    assert get_export(world.stack, CAMPAIGN, requested.id).state == "queued"
    s3 = client_of("s3")
    bucket = world.stack.settings.packet_bucket
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    # The message is hidden for five minutes, so this test sends another one.
    export_queue(world.stack).put(CAMPAIGN, requested.id)
    world.run_exports()
    assert emails_of(world, get_export(world.stack, CAMPAIGN, requested.id)) == expected


def test_an_export_fails_at_the_last_try_of_its_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sign()
    requested = asked(world)
    world.watch = Refusing({"s3:PutObject": "InternalError"}, status=500)
    states = []
    for received in (1, 2, 3, 4):
        event = {
            "messageId": "m",
            "body": f'{{"campaign": "{CAMPAIGN}", "export": "{requested.id}"}}',
            "receiptHandle": "handle",
            "attributes": {"ApproximateReceiveCount": str(received)},
        }
        monkeypatch.setattr(ExportQueue, "hide", lambda *_: None)
        world.handlers["export_signatures"]({"Records": [event]}, CONTEXT)
        states.append(get_export(world.stack, CAMPAIGN, requested.id).state)
    assert states == ["queued", "queued", "queued", "failed"]
    with pytest.raises(NotReadyError, match="Create a new one"):
        link_to(world.stack, get_export(world.stack, CAMPAIGN, requested.id))


def test_a_repeated_message_does_not_change_a_finished_export(world: World) -> None:
    sign(world, 2)
    requested = asked(world)
    world.run_exports()
    done = get_export(world.stack, CAMPAIGN, requested.id)
    sign(world, 3)
    export_queue(world.stack).put(CAMPAIGN, requested.id)
    world.run_exports()
    assert get_export(world.stack, CAMPAIGN, requested.id) == done
    assert len(emails_of(world, done)) == 2


def is_stored(world: World, export: Export) -> bool:
    listed = client_of("s3").list_objects_v2(Bucket=world.stack.settings.packet_bucket, Prefix=export.file)
    return bool(listed.get("Contents"))


def erase_by_hand(world: World, email: str) -> None:
    world.erase(signer_id(world.stack.secret(), email))


def erase_by_filter(world: World, email: str) -> None:
    wanted = SignatureFilter(domain=email.partition("@")[2], signed_from=world.clock.now - timedelta(days=1))
    done = screen(world.stack, CAMPAIGN, "erase", wanted, by="key", why="They are made up.")
    assert done.changed == 2


@pytest.mark.parametrize("erase", [erase_by_hand, erase_by_filter])
def test_no_file_from_before_an_erasure_has_the_erased_letter(
    world: World, erase: Callable[[World, str], None]
) -> None:
    [email, _] = sign(world, 2)
    requested = asked(world)
    world.run_exports()
    assert is_stored(world, requested)

    erase(world, email)

    assert not is_stored(world, requested)
    ended = get_export(world.stack, CAMPAIGN, requested.id)
    assert (ended.state, ended.rows, ended.bytes) == ("erased", 0, 0)
    with pytest.raises(NotReadyError, match=r"because a letter was erased\. Create a new one"):
        link_to(world.stack, ended)
    again = asked(world)
    world.run_exports()
    assert email not in emails_of(world, again)


def test_a_file_that_is_written_while_a_letter_is_erased_is_deleted(world: World) -> None:
    [email, _] = sign(world, 2)
    requested = asked(world)

    def late() -> None:
        assert is_stored(world, requested)
        erase_by_hand(world, email)
        # The upload of a slow worker appears only now.
        world.stack.bucket.write(requested.file, iter([email.encode()]))

    world.watch = Meanwhile(world, "s3:PutObject", lambda: None, late)
    assert world.run_exports() == [{"batchItemFailures": []}]

    assert not is_stored(world, requested)
    assert get_export(world.stack, CAMPAIGN, requested.id).state == "erased"


def test_a_file_of_a_failed_export_is_deleted_with_an_erased_letter(world: World) -> None:
    [email, _] = sign(world, 2)
    requested = asked(world)
    world.watch = Meanwhile(world, "s3:PutObject", lambda: None, killed)
    with pytest.raises(KilledError):
        world.run_exports()
    put_off_export(world.stack, CAMPAIGN, requested.id, last=True)
    assert is_stored(world, requested)

    erase_by_hand(world, email)

    assert not is_stored(world, requested)
    assert get_export(world.stack, CAMPAIGN, requested.id).state == "erased"


def test_a_worker_that_goes_on_after_its_export_failed_leaves_no_file_with_an_erased_letter(world: World) -> None:
    """SQS delivered the message twice: one worker fails for the last time while the other one still writes."""
    [email, _] = sign(world, 2)
    requested = asked(world)

    def others() -> None:
        put_off_export(world.stack, CAMPAIGN, requested.id, last=True)
        erase_by_hand(world, email)

    world.watch = Meanwhile(world, "s3:PutObject", others)
    world.run_exports()
    assert not is_stored(world, requested)


def test_an_export_that_ended_before_it_was_written_stays_ended(world: World) -> None:
    [email, _] = sign(world, 2)
    requested = asked(world)
    erase_by_hand(world, email)
    assert world.run_exports() == [{"batchItemFailures": []}]
    assert (get_export(world.stack, CAMPAIGN, requested.id).state, is_stored(world, requested)) == ("erased", False)


def test_an_export_reports_its_progress(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.limit(rows_between_news=2)
    sign(world, 5)
    requested = asked(world)
    seen: list[tuple[str, int]] = []
    put = Exports.put_export

    def watched(exports: Any, export: Export) -> None:
        seen.append((export.state, export.rows))
        put(exports, export)

    monkeypatch.setattr(Exports, "put_export", watched)
    world.run_exports()
    assert get_export(world.stack, CAMPAIGN, requested.id).rows == 5
    assert seen == [("running", 0), ("running", 2), ("running", 4), ("done", 5)]


@pytest.mark.asvs("5.4.1", "5.4.2")
@pytest.mark.moto
def test_a_link_works_for_fifteen_minutes_and_names_the_file(world: World) -> None:
    world.sign()
    requested = asked(world)
    with pytest.raises(NotReadyError, match=r"The file is not ready\. Try again in a moment"):
        link_to(world.stack, requested)
    world.run_exports()
    link = urlsplit(link_to(world.stack, get_export(world.stack, CAMPAIGN, requested.id)))
    query = parse_qs(link.query)
    assert query["X-Amz-Expires"] == ["900"]
    assert query["response-content-disposition"] == [f'attachment; filename="{CAMPAIGN}-2026-11-24.csv"']
    assert link.path.endswith(f"/exports/{CAMPAIGN}/{requested.id}.csv")


def test_an_export_expires_after_a_week(world: World) -> None:
    requested = asked(world)
    world.clock.advance(days=7)
    later = asked(world)
    assert recent_exports(world.stack, CAMPAIGN) == (later,)
    with pytest.raises(NotFoundError, match="kept for a week"):
        get_export(world.stack, CAMPAIGN, requested.id)
    # A message that comes so late is consumed.
    assert world.run_exports() == [{"batchItemFailures": []}] * 2


def test_exports_are_listed_newest_first(world: World) -> None:
    ids = []
    for _ in range(3):
        world.clock.advance(minutes=1)
        ids.append(asked(world).id)
    assert [export.id for export in recent_exports(world.stack, CAMPAIGN)] == ids[::-1]


def test_an_export_is_in_the_activity_log(world: World) -> None:
    asked(world, ExportFilter("evanston"))
    [entry] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.by, entry.about) == ("export", "ann", "evanston")


def test_an_unknown_campaign_or_target_cannot_be_exported(world: World) -> None:
    with pytest.raises(NotFoundError, match="no campaign"):
        ask(world.stack, "nothing", target="", status="", news="", new=False, by="key")
    with pytest.raises(NotFoundError, match="no recipient 'atlantis'; it has deerfield, evanston"):
        asked(world, ExportFilter("atlantis"))
    assert list(Campaigns(world.stack.table).audit(CAMPAIGN)) == []


def test_a_damaged_message_is_reported(world: World) -> None:
    client_of("sqs").send_message(QueueUrl=world.queues["ExportQueue"], MessageBody="{}")
    [answer] = world.run_exports()
    assert answer["batchItemFailures"] != []


# Supporters


def supporters(world: World, news: News, *, new: bool = False) -> list[str]:
    """Ask for a file of supporters, and return whom it names, newest first."""
    world.clock.advance(minutes=20)
    export = asked(world, ExportFilter(news=news), new=new)
    world.run_exports()
    return [row["email"].partition("@")[0] for row in rows_of(file_of(world, export))]


def agree(world: World, name: str) -> str:
    """Sign with the tick, confirm, and return the path of the signer's own page."""
    world.clock.advance(minutes=1)
    return world.own_page(world.confirmed(email=f"{name}@signers.example", updates="yes").to)


def test_supporters_are_only_those_who_agreed_and_those_who_ended_that_have_a_file_of_their_own(world: World) -> None:
    agree(world, "ada")
    ended, withdrawn = agree(world, "bo"), agree(world, "cy")
    world.confirmed(email="di@signers.example")
    world.sign(email="eve@signers.example", updates="yes")
    agree(world, "fi")
    erase_by_hand(world, "fi@signers.example")
    world.post(f"{ended}/no-news")
    world.post(f"{withdrawn}/withdraw")

    assert (supporters(world, "agreed"), supporters(world, "ended")) == (["ada"], ["cy", "bo"])


def test_a_file_of_supporters_has_no_byte_order_mark_and_says_what_it_is(world: World) -> None:
    agree(world, "ada")
    export = asked(world, ExportFilter(news="agreed"))
    world.run_exports()
    assert file_of(world, export).startswith(b"email,first_name,last_name,")
    assert export.filename == f"{CAMPAIGN}-agreed-2026-11-24.csv"
    [entry, *_] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.about) == ("export", "news agreed")


def test_new_supporters_are_those_since_the_last_file_that_was_done(world: World) -> None:
    paths = [agree(world, name) for name in ("ada", "bo")]
    assert supporters(world, "agreed", new=True) == ["bo", "ada"], "there is no last file"
    agree(world, "cy")
    assert supporters(world, "ended", new=True) == []
    asked(world, ExportFilter(news="agreed"))  # not done, so nobody has it
    world.post(f"{paths[0]}/no-news")

    assert supporters(world, "agreed", new=True) == ["cy"]
    assert supporters(world, "ended", new=True) == ["ada"]
    assert supporters(world, "agreed", new=True) == []
    assert supporters(world, "agreed") == ["cy", "bo"]


def test_a_form_that_waited_during_the_last_file_is_new_once_it_is_confirmed(world: World) -> None:
    world.sign(email="bo@signers.example", updates="yes")
    world.run_stream()
    assert supporters(world, "agreed", new=True) == []
    world.press(world.sent[-1].link("confirm"))
    assert supporters(world, "agreed", new=True) == ["bo"]


def test_whom_a_late_index_may_have_left_out_of_the_last_file_is_in_the_next(world: World) -> None:
    agree(world, "ada")
    world.clock.advance(minutes=10)
    asked(world, ExportFilter(news="agreed"))
    world.run_exports()
    assert supporters(world, "agreed", new=True) == ["ada"]


def test_the_last_file_is_known_for_a_month_although_it_is_kept_for_a_week(world: World) -> None:
    agree(world, "ada")
    assert supporters(world, "agreed", new=True) == ["ada"]
    world.clock.advance(days=30)
    agree(world, "bo")
    assert supporters(world, "agreed", new=True) == ["bo"]
    [shown] = recent_exports(world.stack, CAMPAIGN)
    assert (shown.filter.since is not None, shown.file_until - shown.asked_at) == (True, timedelta(days=7))
    assert shown.expires_at - shown.asked_at == timedelta(days=31)


def test_after_an_erasure_there_is_no_last_file(world: World) -> None:
    agree(world, "ada")
    world.confirmed(email="bo@signers.example")
    assert supporters(world, "agreed", new=True) == ["ada"]
    erase_by_hand(world, "bo@signers.example")
    assert supporters(world, "agreed", new=True) == ["ada"]


# Over HTTP


def test_an_export_is_requested_followed_and_downloaded_over_http(world: World) -> None:
    world.confirmed()
    world.sign(email="bo@signers.example", postal_code="60091")
    assert act(world, "/exports", {"target": "evanston", "status": "confirmed"}).status == 303
    [queued] = read(world, "/exports")["exports"]
    assert (queued["state"], read(world, f"/exports/{queued['id']}")["link"]) == ("queued", None)
    assert queued["filter"] == {"target": "evanston", "status": "confirmed", "news": None, "since": None}
    world.run_exports()
    done = read(world, f"/exports/{queued['id']}")
    assert (done["state"], done["rows"], done["by"]) == ("done", 1, "editor@enddemand.example")
    assert urlsplit(done["link"]).path.endswith(f"/exports/{CAMPAIGN}/{done['id']}.csv")
    assert [export["id"] for export in read(world, "/exports")["exports"]] == [done["id"]]
