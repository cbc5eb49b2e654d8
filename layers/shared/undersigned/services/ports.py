"""The use cases' needs from outside: a port for each repository, queue and service, and the errors that ports raise.

Each adapter in `aws` subclasses its port, so calls are documented only here. "Consistently" means a consistent read.
Other reads can lag behind by a moment. To read a damaged row raises DamagedRowsError. A list leaves it out, so that it
hides no other; one that has `whole`, only if that is False. Either way the row is named to the operator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from undersigned.domain.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime, timedelta

    from undersigned.domain.abuse_checks import Suspicion
    from undersigned.domain.api_keys import ApiKey
    from undersigned.domain.campaigns import Campaign, MailState, Target
    from undersigned.domain.controls import AuditEntry, Controls
    from undersigned.domain.deliveries import (
        Bundle,
        Delivery,
        DeliveryKey,
        MailEvent,
        PacketRecord,
    )
    from undersigned.domain.disowned import DisownedForms
    from undersigned.domain.drafts import Draft
    from undersigned.domain.events import Event
    from undersigned.domain.exports import Export
    from undersigned.domain.forms import FormName, ReadForms
    from undersigned.domain.letters import Letter
    from undersigned.domain.mail_budgets import Budget, Lane, MailReport, Sending
    from undersigned.domain.mail_limits import MailLimit
    from undersigned.domain.people import Member, Person, SignInRequest
    from undersigned.domain.plans import Week
    from undersigned.domain.reconciliations import Page, Reconciliation
    from undersigned.domain.signatures import ReadRows, Signature, Waiting
    from undersigned.domain.tallies import Count
    from undersigned.rendering.mails import Mail


class ChangedError(UndersignedError):
    """Another process changed the item since it was read, or a transaction on it was running. Read it again."""


class SignatureStateError(UndersignedError):
    """The signature's status doesn't allow this; carries the current signature, or None if there is no row."""

    def __init__(self, signature: Signature | None) -> None:
        """Keep the signature."""
        super().__init__(f"the signature is {signature.status if signature else 'missing'}")
        self.signature = signature


class BundleTakenError(UndersignedError):
    """A bundle with this number exists. Read the bundles again."""


class LettersNotWaitingError(UndersignedError):
    """Some letters are no longer in the tray (withdrawn or sealed); carries their signers."""

    def __init__(self, signers: tuple[str, ...]) -> None:
        """Keep the signers whose letters are not waiting."""
        super().__init__(f"{len(signers)} letters are no longer in the tray")
        self.signers = signers


class DamagedRowsError(UndersignedError):
    """Rows can't be read, because something other than this program wrote them; carries their names."""

    def __init__(self, *rows: str) -> None:
        """Keep the names."""
        super().__init__(f"these rows are damaged: {', '.join(rows)}; docs/runbook.md says how to repair one")
        self.rows = rows


class ThrottledError(UndersignedError):
    """AWS throttled the call or could not be reached. Nothing was done; try again later."""


class UncertainError(UndersignedError):
    """SES's answer is lost, or it is an internal error: the email may have been sent."""


class MailRefusedError(UndersignedError):
    """SES refused the email, and would refuse it again; nothing was sent."""


class SendingStoppedError(MailRefusedError):
    """SES accepts no email until a person fixes the account or the sender's identity; nothing was sent."""


class CampaignStore(Protocol):
    """Campaigns, their letters, their targets, the controls of their deliveries, and the activity log."""

    def campaign(self, campaign: str) -> Campaign:
        """Read a campaign's settings; raises NotFoundError."""

    def targets(self, campaign: str, *, consistent: bool = False, whole: bool = True) -> tuple[Target, ...]:
        """Read a campaign's targets, in the order of their ids.

        Whatever changes targets afterwards changes `Controls.roster`, too.
        """

    def target(self, campaign: str, target: str) -> Target:
        """Read one target consistently; raises NotFoundError."""

    def letter(self, campaign: str, version: str) -> Letter:
        """Read a letter version; raises NotFoundError."""

    def campaign_ids(self) -> Iterator[str]:
        """List the ids of all campaigns."""

    def put_letter(self, campaign: str, letter: Letter) -> bool:
        """Write a letter version. Return False if it exists; a version never changes."""

    def put_campaign(self, campaign: Campaign) -> None:
        """Write a campaign's settings, and its goal beside the count."""

    def put_target(self, campaign: str, target: Target) -> None:
        """Write a target's settings. A new email address is assumed to take email.

        First writes the target's versions, the one before and the new one, because letters may name them.
        """

    def put_new_targets(self, campaign: str, targets: Sequence[Target]) -> None:
        """Write targets that are not there yet, as `put_target` does, many in one call. Each has few postal codes."""

    def set_mail_state(self, campaign: str, target: str, email: str, state: MailState) -> None:
        """Record whether an address takes email. "bounced" is recorded only while it is the target's address."""

    def controls(self, campaign: str) -> Controls:
        """Read the controls of a campaign's deliveries consistently."""

    def close(self, campaign: str, at: datetime | None) -> None:
        """Close a campaign at a moment, or open it again."""

    def pause(self, campaign: str, *, paused: bool) -> None:
        """Pause a campaign's deliveries, or resume them."""

    def approve(self, campaign: str, period: str, until: datetime) -> None:
        """Approve a period's deliveries, for letters that are due by a moment. Of two at once, the earlier counts."""

    def hold(self, campaign: str, target: str, why: str) -> None:
        """Hold a target's letters back for a reason; raises NotFoundError."""

    def release(self, campaign: str, target: str, at: datetime) -> None:
        """Release a target's letters after a hold or a complaint; raises NotFoundError."""

    def record_complaint(self, campaign: str, target: str, at: datetime) -> None:
        """Hold a target's letters because of a complaint. Does nothing if they were released after it."""

    def record_audit(self, entry: AuditEntry, entry_id: str) -> None:
        """Record an action. The id distinguishes entries of one moment. Raises ChangedError if the entry exists."""

    def audit(self, campaign: str) -> Iterator[AuditEntry]:
        """List the actions of organizers, newest first."""

    def newest_audit(self, campaign: str, before: str | None = None) -> Iterator[tuple[str, AuditEntry]]:
        """List the actions of organizers with their positions, newest first, or those older than a position."""


class DraftStore(Protocol):
    """Drafts of campaigns."""

    def drafts(self) -> tuple[Draft, ...]:
        """List all drafts without their files, in the order of their campaigns."""

    def head(self, campaign: str) -> Draft | None:
        """Read a campaign's draft without its files, consistently."""

    def draft(self, campaign: str) -> Draft | None:
        """Read a campaign's draft consistently. Raises UnreadableDraftError."""

    def version(self, campaign: str, revision: int) -> Draft | None:
        """Read an earlier version of a draft consistently; None if it is not kept."""

    def put_draft(self, draft: Draft, before: Draft | None) -> Draft:
        """Write a draft in place of the one before, or a new one; either all of it or nothing. Return it as it is kept.

        Raises ChangedMeanwhileError if another revision is there.
        """

    def set_publishing(self, draft: Draft) -> None:
        """Write that publishing begins. Raises ChangedMeanwhileError if another revision is there."""

    def set_published(self, draft: Draft) -> None:
        """Write that publishing ended, with which revision and base; also on a draft that was changed meanwhile.

        Does nothing if the draft was discarded meanwhile.
        """

    def discard(self, draft: Draft) -> None:
        """Delete a draft. Raises ChangedMeanwhileError if another revision is there. Does nothing if there is none."""

    def delete(self, campaign: str) -> None:
        """Delete a campaign's draft, whatever its revision is, with every file of it."""


class CampaignRows(Protocol):
    """All rows of a campaign, to delete them.

    A call that takes `is_late` stops when it is, and returns how many rows it deleted.
    """

    def delete_letters(self, campaign: str, is_late: Callable[[], bool]) -> int:
        """Delete the campaign's signatures."""

    def delete_others(self, campaign: str, is_late: Callable[[], bool]) -> int:
        """Delete everything else of the campaign: at the end its people, then the settings, and then the keys."""

    def is_shared(self, campaign: str) -> bool:
        """Say whether anybody has a role in a campaign, or a key to it."""

    def delete_access(self, campaign: str) -> None:
        """Delete the campaign's people, its keys and its activity log."""


class FormStore(Protocol):
    """Forms that were sent, and their listing. Each reads as the pending signature that it would make."""

    def put(self, form: Signature) -> None:
        """Write a form. One that is there already stays as it is."""

    def form(self, campaign: str, signer: str, form: str) -> Signature | None:
        """Read a form consistently. Raises DamagedRowsError."""

    def of_signer(self, campaign: str, signer: str) -> tuple[Signature, ...]:
        """Read all forms of a signer consistently. A damaged one is left out."""

    def read(self, forms: Sequence[FormName]) -> ReadForms:
        """Read several forms consistently, each with its signer's letter. Those that are gone are left out."""

    def listed(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None, consistent: bool = True
    ) -> Iterator[tuple[str, Signature | None]]:
        """List a campaign's forms with their positions, newest first, or those older than a position.

        A form that can't be confirmed any more, or is damaged, is None, so that a caller can bound how many are read.
        `read_ahead` is how many are read in one step.
        """

    def delete(self, campaign: str, signer: str, form: str) -> None:
        """Delete a form, if it is there."""

    def delete_all(self, campaign: str, signer: str) -> None:
        """Delete all forms of a signer."""

    def release(self, form: Signature, mail_request: str) -> None:
        """Release a form from quarantine, and request its email again. Raises ChangedError if it is in none."""

    def put_in_quarantine(self, form: Signature, why: Suspicion) -> None:
        """Put a form into quarantine. Raises ChangedError if it is gone."""

    def postpone_mail(self, form: Signature, until: datetime) -> None:
        """Let the email of a form wait. Raises ChangedError if the form is gone, or requests another email."""

    def end_postponement(self, form: Signature, expires_at: datetime | None = None) -> None:
        """List a form no longer. If its email was sent, it can be confirmed until `expires_at`.

        Raises ChangedError if it is gone.
        """

    def postponed_mails(self, campaigns: Iterable[str], lane: Lane, until: datetime) -> Iterator[Signature]:
        """Read the forms whose emails wait no longer than until then, the longest postponed first.

        A damaged one is left out, so that it stops no other.
        """

    def how_many_postponed(self, campaign: str, lane: Lane, most: int) -> int:
        """Count a campaign's postponed emails of a lane, up to `most`."""


class SignatureStore(Protocol):
    """Signature rows, their listing, and the trays."""

    def signature(self, campaign: str, signer: str) -> Signature | None:
        """Read a signature consistently."""

    def signatures(self, campaign: str, signers: Sequence[str]) -> tuple[Signature, ...]:
        """Read several signatures consistently, in this order; all of them, but signers without a row."""

    def row_name(self, campaign: str, signer: str) -> str:
        """Return how logs and errors name a signature's row."""

    def read_rows(self, campaign: str, signers: Sequence[str], *, consistent: bool = True) -> ReadRows:
        """Read several signatures like `signatures`, and say which rows are damaged."""

    def newest_signatures(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None
    ) -> Iterator[tuple[str, Signature]]:
        """List a campaign's signatures with their positions, newest first, or those older than a position.

        `read_ahead` is how many are read in one step. A higher number takes fewer calls.
        """

    def listed_signatures(self, campaign: str) -> Iterator[Signature]:
        """Read all signatures of a campaign, in no order and whole; for recounts."""

    def pages(self, campaign: str, after: str = "") -> Iterator[Page]:
        """Read all signatures of a campaign in pages of up to 100, or those after a page's position."""

    def confirm(self, form: Signature, *, at: datetime, on: date, link_of: datetime | None = None) -> Signature:
        """Make a form its signer's letter, and put it into its target's tray.

        Only if the signer has no letter, or withdrew or erased it before the form was sent. With a link's date, the
        signer must not have ended the link. Raises SignatureStateError.
        """

    def withdraw(self, campaign: str, signer: str, at: datetime, *, link_of: datetime | None = None) -> Signature:
        """Withdraw a signature whose letter is not sealed, and return it. Raises SignatureStateError.

        With a link's date, the signer must not have ended the link.
        """

    def end_links(self, campaign: str, signer: str, at: datetime, *, link_of: datetime) -> Signature:
        """End every link that was made until `at`, by one that has not ended, and return the signature.

        Raises SignatureStateError.
        """

    def clear(self, signature: Signature, at: datetime) -> None:
        """Remove all personal data from a row, which keeps its status and its place in the counts.

        Raises ChangedError if the row has changed.
        """

    def erase(self, signature: Signature, at: datetime) -> None:
        """Erase all personal data from a row. Raises ChangedError if the row has changed.

        For the form of a signer without a row, write an erased row, so that this form and earlier ones can't be
        confirmed. For a sealed letter, use `DeliveryStore.erase_letter`.
        """

    def hold(self, signature: Signature) -> None:
        """Take a letter out of its target's tray, and keep it out. Raises ChangedError if it is not in the tray."""

    def end_hold(self, signature: Signature, at: datetime) -> None:
        """Put a letter on hold back into its target's tray, due from now on. Raises ChangedError if it is not on hold.

        An approval whose look was before that doesn't cover it: it was not among the letters that wait.
        """

    def how_many_held(self, campaign: str) -> int:
        """Count a campaign's letters on hold."""

    def has_waiting(self, campaign: str, target: str, *, until: datetime | None = None) -> bool:
        """Say whether a letter is in a target's tray. Reads no more than that.

        A damaged letter doesn't count. With `until`, only letters that were due by then count, as in the methods below.
        """

    def waiting(self, campaign: str, target: str, *, until: datetime | None = None) -> Iterator[str]:
        """List the signers of the letters in a target's tray, oldest letter first. Rows may be damaged."""

    def how_many_wait(self, campaign: str, target: str, *, until: datetime | None = None) -> int:
        """Count the letters in a target's tray. Reads no rows, so it counts damaged ones, too."""

    def how_many_wait_each(
        self, campaign: str, first: str, last: str, *, until: datetime | None = None
    ) -> Mapping[str, int]:
        """Count the letters in each tray from one target's to another's, also damaged ones; 0 for any other target."""

    def trays(self, campaign: str, first: str, last: str, *, whole: bool) -> tuple[Iterator[Waiting], ...]:
        """List the letters in the trays from one target's to another's, in parts that can be read at the same time.

        Each part has them by target, oldest first. Unless `whole`, a part may have only some to a target, but the
        oldest: after each thousand letters it goes on with the next target. Rows may be damaged.
        """


class DeliveryStore(Protocol):
    """Deliveries, their bundles and packets, and the SES events of their emails."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Read a delivery consistently."""

    def existing(self, keys: Sequence[DeliveryKey]) -> tuple[Delivery, ...]:
        """Read those of some deliveries that exist, consistently and in no order."""

    def deliveries(self, campaign: str, target: str, *, whole: bool = True) -> Iterator[Delivery]:
        """List a target's deliveries consistently, newest first."""

    def open(self, delivery: Delivery, week: Week, before: Delivery | None = None) -> None:
        """Write a delivery that takes a week of its target: a new one, or one that had given it back.

        Raises ChangedError unless it is still as `before`, and the target is free from the day that was read.
        """

    def change(self, delivery: Delivery, before: Delivery) -> None:
        """Write a changed delivery. If it surely did not arrive, it gives its week back; news can take it again.

        Raises ChangedError unless it still has the state and the attempt from before and no letter was erased since it
        was read, and if another delivery of its target takes or gives back a week meanwhile.
        """

    def begin_sending(self, delivery: Delivery, before: Delivery) -> None:
        """Write a delivery whose email is about to be sent.

        Raises ChangedError as `change` does, and if its campaign is paused or its target has a hold.
        """

    def bundles(self, key: DeliveryKey) -> tuple[Bundle, ...]:
        """Read a delivery's bundles consistently, in order, and whole."""

    def seal(self, key: DeliveryKey, bundle: Bundle, at: datetime) -> None:
        """Write a bundle and seal its letters, all or nothing.

        Raises BundleTakenError, LettersNotWaitingError or ChangedError; then nothing was written.
        """

    def bundles_to(self, campaign: str, target: str) -> Iterator[tuple[str, Bundle]]:
        """Read the bundles of all deliveries to a target consistently, each with its period."""

    def packets(self, key: DeliveryKey, *, whole: bool = True) -> tuple[PacketRecord, ...]:
        """Read the packets that were recorded of a delivery, consistently, in the order of their numbers."""

    def put_packet(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record a packet to send. Raises ChangedError if it is recorded with more erased letters."""

    def put_file(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record that a packet is stored again. What the email says about it stays.

        Raises ChangedError if it is recorded with more erased letters, or was deleted.
        """

    def record_event(self, event: MailEvent) -> bool:
        """Record an SES event. If it is recorded already, change nothing and return False."""

    def mail_events(self, key: DeliveryKey) -> tuple[MailEvent, ...]:
        """Read the SES events of a delivery's emails consistently, in order."""

    def erase_letter(self, key: DeliveryKey, signature: Signature, at: datetime) -> None:
        """Erase all personal data from a row, and remove the letter from any later attempt of its delivery.

        Raises ChangedError if the row has changed, if the delivery's email is being sent, or if another
        transaction was running on either.
        """

    def note_swept(self, delivery: Delivery) -> None:
        """Note that no stored file has any of a delivery's erased letters.

        Raises ChangedError if another was erased meanwhile, or if the delivery was deleted.
        """


class CountStore(Protocol):
    """Counters, and the marks on rows that keep them exact."""

    def count(self, campaign: str, *, fresh: bool = False) -> Count:
        """Return the public count as it is, or as it was within the last two seconds; raises NotFoundError."""

    def counts(self, campaign: str, *beginnings: str) -> dict[str, int]:
        """Read all counters (`TOTAL`, `TARGET#…`, `DAY#…`) consistently, or those whose names begin so."""

    def move_marks(self, campaign: str, moves: Sequence[tuple[Signature, str]]) -> None:
        """Move marks and counters together. Raises ChangedError if a row has changed.

        Marks and the rows of counters that change are at most 100 in all (see `tallies.transactions`).
        """

    def forget(self, gone: Signature, now: datetime) -> None:
        """Subtract a deleted row from the counters, if there are any: its campaign may have been deleted, too.

        Doing it again within two days is harmless.
        """

    def correct(self, campaign: str, counter: str, *, wrong: int, right: int) -> None:
        """Correct a counter by a difference. Raises ChangedError if it is no longer the wrong number."""


class AbuseCounterStore(Protocol):
    """Forms by network, wrong keys by group, and sign-ups by window. All of them expire."""

    def count_form(self, network: str, address: str, *, expires_at: datetime) -> tuple[int, int]:
        """Count a form of an address of a network, both given as hashes. Return how many each has sent."""

    def refusals(self, group: int, window: datetime) -> int:
        """Read how many wrong keys of a group were refused in a window."""

    def set_refusals(self, group: int, window: datetime, amount: int) -> None:
        """Write how many wrong keys of a group were refused in a window, in place of an earlier window."""


type Job = Literal["plan", "report", "all is well", "reconcile"]
"""The jobs of the hourly schedule: the first two for each campaign, the others for the stack."""


class SlotStore(Protocol):
    """The last slot that each job did, for a campaign, or with None as the campaign, for the stack."""

    def last(self, job: Job, campaign: str | None, cadence: str) -> datetime | None:
        """Read the slot consistently; None before the first run, and after a change of the cadence."""

    def begin(self, job: Job, campaign: str | None, cadence: str, slot: datetime) -> None:
        """Record a cadence, and its last slot that needs no work."""

    def note(self, job: Job, campaign: str | None, slot: datetime) -> None:
        """Record a slot, unless a later one is recorded."""


class MailClaimStore(Protocol):
    """The requested emails that each person got."""

    def claim(  # noqa: PLR0913  (the parts of a claim)
        self,
        person: str,
        campaign: str,
        request: str,
        at: datetime,
        *,
        limit: MailLimit,
        since: datetime,
        known_for: timedelta,
    ) -> bool:
        """Check that the email for a request may be sent, within a person's limit of a day (UTC).

        Return False if this email was sent since the day of `since`, or if the limit is reached. Only sent emails
        count, not claims. `known_for` is how long the row is kept.
        """

    def may_send(  # noqa: PLR0913  (the parts of a claim)
        self, person: str, campaign: str, request: str, at: datetime, *, limit: MailLimit, since: datetime
    ) -> bool:
        """Return the answer of `claim`, and write nothing."""

    def is_settled(self, person: str, campaign: str, request: str, *, limit: MailLimit, since: datetime) -> bool:
        """Say whether the email for a request was sent, or a day since then had as many as the limit allows."""

    def record_sent(self, person: str, campaign: str, request: str, at: datetime, known_for: timedelta) -> None:
        """Record that a claimed email was sent, or that SES refused it for good."""


class MailBudgetStore(Protocol):
    """How many emails to people who have not confirmed each budget has left, and the stop of all of them."""

    def take(self, budget: Budget, emails: int) -> int:
        """Take up to so many emails from a budget, in one write; return how many there were."""

    def room(self, budgets: Collection[Budget]) -> dict[Budget, int]:
        """Read how many emails each of the budgets has left."""

    def give_back(self, budget: Budget, *, unsent: int = 0, confirmed: int = 0) -> None:
        """Give emails back to a budget: those that were not sent after all, and those to people who confirmed."""

    def sending(self, now: datetime) -> Sending:
        """Read whether confirmation emails go out."""

    def record_report(self, kind: MailReport, lane: Lane, at: datetime) -> None:
        """Count a confirmation email that bounced, or was marked as spam."""

    def stop(self) -> None:
        """Stop all confirmation emails."""

    def start(self, now: datetime) -> None:
        """End the stop, and forget the bounces and complaints of the last day."""


class MailDomainCheck(Protocol):
    """Finds email domains that certainly take no email."""

    def takes_none(self, address: str) -> bool:
        """Say whether the domain of an address certainly takes no email. In doubt, it takes some."""


class ApiKeyStore(Protocol):
    """Organizers' keys."""

    def api_key(self, campaign: str, digest: str) -> ApiKey | None:
        """Read a key consistently by the SHA-256 of its text."""

    def api_keys(self, campaign: str) -> tuple[ApiKey, ...]:
        """List a campaign's keys consistently."""

    def put_api_key(self, key: ApiKey, made_with: ApiKey | Member | None = None) -> None:
        """Write a new key. Raises ChangedError if it exists, or if its maker may make no more keys."""

    def hand_over(self, key: ApiKey) -> None:
        """Write a key's new maker. Raises ChangedError if it was revoked."""

    def remove_api_key(self, campaign: str, digest: str) -> None:
        """Revoke a key."""


class PeopleStore(Protocol):
    """People's roles in campaigns, and their sessions."""

    def members(self, campaign: str) -> tuple[Member, ...]:
        """Read a campaign's people consistently, in the order of their ids."""

    def member(self, campaign: str, person: str) -> Member | None:
        """Read a person's role in a campaign consistently."""

    def campaigns_of(self, person: str) -> tuple[Member, ...]:
        """Read a person's roles consistently, in the order of the campaigns' ids."""

    def put(self, member: Member, known: Member | None, *, another_owner: Member | None = None) -> None:
        """Write a role that is new or `known`; if given, only while another person is an owner. Raises ChangedError."""

    def remove(self, known: Member, *, another_owner: Member | None = None) -> None:
        """Remove a role; if given, only while another person is an owner. Raises ChangedError."""

    def session(self, person: str, session: str, campaign: str | None = None) -> tuple[Person | None, Member | None]:
        """Read the person of a session and their role in a campaign, consistently. None if either doesn't exist."""

    def put_session(self, person: Person, session: str, expires_at: datetime) -> None:
        """Write a new session."""

    def end_session(self, person: str, session: str) -> None:
        """Delete a session, if it exists."""

    def end_sessions(self, person: str) -> None:
        """Delete all sessions of a person."""


type SignInCount = Literal["MAILS", "INVITATIONS", "TESTS", "WRONG"]
"""The counts of a person: emails to sign in with and invitations by the hour, wrong codes by the day."""


class SignInStore(Protocol):
    """Requests to sign in by email."""

    def put(self, request: SignInRequest) -> None:
        """Write a new request."""

    def request(self, request: str) -> SignInRequest | None:
        """Read a request consistently."""

    def count_try(self, request: str, now: datetime) -> SignInRequest:
        """Count one more code that a browser typed. Raises ChangedError if it may type no more."""

    def use(self, request: str, now: datetime) -> None:
        """Mark a request as used. Raises ChangedError if it was used or has expired."""

    def count(self, person: str, count: SignInCount, window: str, *, expires_at: datetime) -> int:
        """Count one more of a person's emails or wrong codes in an hour or a day, and return how many these are."""

    def give_back(self, person: str, count: SignInCount, window: str) -> None:
        """Count one less, after `count`."""


class PeopleMailQueue(Protocol):
    """The queue of emails to people: codes and links to sign in with, and invitations."""

    def put_sign_in(self, request: str) -> None:
        """Queue the email of a sign-in request."""

    def put_invitation(self, campaign: str, person: str) -> None:
        """Queue the invitation of a campaign's person."""


class DisownedStore(Protocol):
    """The forms that people say they didn't sign."""

    def disown(self, signature: Signature, network: str | None, at: datetime) -> None:
        """Erase a row, or write an erased one for a form; note that its address gets no more emails, and count it.

        Raises ChangedError.
        """

    def set_disowned(self, signature: Signature, at: datetime | None) -> None:
        """Note that the address of an erased row gets no more emails, or with None that it does.

        Raises ChangedError.
        """

    def total(self, campaign: str) -> int:
        """Return how many forms of a campaign were disowned."""

    def forms(self, campaign: str) -> DisownedForms:
        """Return how many forms of a campaign were disowned, also by network."""


class ExportStore(Protocol):
    """The exports that organizers requested."""

    def put_export(self, export: Export) -> None:
        """Write the state of an export. Raises ChangedError if its file was deleted because a letter was erased."""

    def export(self, campaign: str, export_id: str) -> Export | None:
        """Read an export consistently."""

    def exports(self, campaign: str, *, whole: bool = True) -> tuple[Export, ...]:
        """Read a campaign's exports consistently, in no order."""


class FileMissingError(UndersignedError):
    """A file is not stored: the time to keep it is over, or it was not copied from another stack."""


class PacketStore(Protocol):
    """PDFs."""

    def put(self, name: str, pdf: bytes) -> None:
        """Store a PDF."""

    def get(self, name: str) -> bytes:
        """Read a PDF. Raises FileMissingError."""

    def names(self, beginning: str) -> Iterator[str]:
        """List the names of the PDFs that begin so."""

    def delete(self, *names: str) -> None:
        """Delete those of these PDFs that exist."""

    def link(self, name: str, filename: str) -> str:
        """Return a web address for downloading a PDF, which works for some minutes.

        Raises FileMissingError.
        """


class Post(Protocol):
    """Sends emails."""

    def get_ready(self) -> None:
        """Ask SES for the facts that `send` needs.

        Raises ThrottledError or SendingStoppedError if no email can be sent now.
        """

    def send(self, mail: Mail) -> str:
        """Hand an email over and return its message id.

        Raises ThrottledError, MailRefusedError or SendingStoppedError if it was certainly not sent. After
        UncertainError, and after any other error, it may have been sent.
        """

    def has_quota(self) -> bool:
        """Say whether confirmation emails have left deliveries their share of the account's daily quota."""


class Bus(Protocol):
    """Tells other programs about events."""

    def put(self, events: Sequence[Event]) -> frozenset[str]:
        """Put events on the bus, and return the ids of those that it refused."""


class OperatorChannel(Protocol):
    """The way to the person who runs the stack."""

    def tell(self, subject: str, text: str) -> None:
        """Send the operator an email. The subject has at most 100 ASCII characters."""


class DeliveryQueue(Protocol):
    """Deliveries to be made."""

    def put(self, deliveries: Iterable[DeliveryKey], *, again: bool = False) -> None:
        """Queue deliveries; with `again`, those that are less than seven days from another one, too."""

    def put_test(self, delivery: DeliveryKey, to: str) -> None:
        """Queue a test email of a delivery to an address."""

    def put_draft_test(self, campaign: str, to: str) -> None:
        """Queue a test email of a campaign's draft to an address."""

    def put_repacking(self, delivery: DeliveryKey, *, is_being_made: bool = False) -> None:
        """Queue the repacking of a delivery from which letters are being erased. It begins a minute later.

        If a worker may be making the email, it begins when that worker's time is up.
        """

    def is_empty(self) -> bool:
        """Say whether no message waits, is delayed, or is being worked on. SQS may be a minute behind."""


class ReconciliationQueue(Protocol):
    """Reconciliations to be begun or continued."""

    def put(self, run: Reconciliation) -> None:
        """Queue a reconciliation. A second pass begins 15 minutes later."""


class ExportFiles(Protocol):
    """The exports' files."""

    def write(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a file of any length while it is made. It replaces an earlier one only when it is complete."""

    def link(self, name: str, filename: str) -> str:
        """Return a web address for downloading a file. It works for some minutes."""

    def delete(self, *names: str) -> None:
        """Delete files. Does nothing to those that are not there."""


class ExportQueue(Protocol):
    """Exports to be written."""

    def put(self, campaign: str, export_id: str) -> None:
        """Queue an export."""
