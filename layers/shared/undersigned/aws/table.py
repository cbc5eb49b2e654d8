"""The table: every call to DynamoDB, with AWS's errors turned into the ports' errors."""

from __future__ import annotations

import heapq
import time
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.conditions import Attr
from botocore.config import Config
from botocore.exceptions import ClientError

from undersigned.aws import items, keys, requests
from undersigned.aws.failures import CONDITION_FAILED, TRANSACTION_CANCELED, TRANSACTION_CONFLICT, code_of
from undersigned.domain.signatures import TRAY_SHARDS, tray_shard
from undersigned.domain.tallies import TOTAL, Count
from undersigned.services.ports import (
    BundleTakenError,
    ChangedError,
    FormConsumedError,
    LettersNotWaitingError,
    SignatureStateError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        QueryInputTypeDef,
        QueryOutputTypeDef,
        UpdateItemInputTypeDef,
        UpdateItemOutputTypeDef,
    )

    from undersigned.domain.abuse_checks import FormToken
    from undersigned.domain.api_keys import ApiKey
    from undersigned.domain.campaigns import Campaign, MailState, Target
    from undersigned.domain.controls import AuditEntry, Controls
    from undersigned.domain.deliveries import Bundle, Delivery, DeliveryKey, DeliveryState, MailEvent, PacketRecord
    from undersigned.domain.exports import Export
    from undersigned.domain.letters import Letter
    from undersigned.domain.signatures import Signature

_PAUSES = (0.02, 0.05, 0.1, 0.2)
"""Seconds until an item that a transaction holds, or a key that DynamoDB left unread, is tried again.

A transaction takes some milliseconds; for unread keys DynamoDB asks for growing pauses (API, BatchGetItem)."""

_LISTED_AT_ONCE = 50
"""Signatures that a listing reads ahead."""

_BATCH_GET = 100
"""Items that DynamoDB reads in one BatchGetItem."""


FEW_RETRIES = Config(retries={"total_max_attempts": 6, "mode": "legacy"})
"""botocore would wait out a throttle for 25 seconds: longer than a page may take.

After one and a half, whoever asked for it can wait better: the stream, the queue, or the person at the form."""


class Table:
    """The one table, by its name."""

    def __init__(self, client: DynamoDBClient, name: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Keep the client, the table's name, and a way to wait."""
        self._client = client
        self._name = name
        self._sleep = sleep

    # Campaigns

    def campaign(self, campaign: str) -> Campaign | None:
        """Read a campaign's settings."""
        values = self._get(keys.campaign(campaign))
        return items.read_campaign(values) if values else None

    def targets(self, campaign: str) -> tuple[Target, ...]:
        """Read a campaign's targets, in the order of their ids."""
        request = requests.query(self._name, keys.campaign_partition(campaign), begins_with=keys.TARGETS)
        return tuple(items.read_target(values) for values in self._query(request))

    def target(self, campaign: str, target: str) -> Target | None:
        """Read one target as it stands now."""
        values = self._get(keys.target(campaign, target), consistent=True)
        return items.read_target(values) if values else None

    def letter(self, campaign: str, version: str) -> Letter | None:
        """Read a letter version."""
        values = self._get(keys.letter(campaign, version))
        return items.read_letter(values) if values else None

    def campaign_ids(self) -> Iterator[str]:
        """List every campaign."""
        for values in self._query(requests.query(self._name, keys.CAMPAIGNS, index="listing")):
            yield values["listed_at"]

    def put_letter(self, campaign: str, letter: Letter) -> bool:
        """Write a letter version; False when it was there, for a version never changes."""
        return self._put_new(items.letter_values(campaign, letter))

    def put_campaign(self, campaign: Campaign) -> None:
        """Write a campaign's settings, and its goal where the count is read."""
        self._change(requests.update(self._name, keys.counter(campaign.id, TOTAL), assign={"goal": campaign.goal}))
        self._client.put_item(**requests.put(self._name, items.campaign_values(campaign)))

    def put_target(self, campaign: str, target: Target) -> None:
        """Write what an organizer sets of a target; a new e-mail address is taken for a good one."""
        key, settings = keys.target(campaign, target.id), items.target_settings(target)
        if self._put_new(key._asdict() | settings):
            return
        mended = {"email": target.email, "mail_state": "ok"}
        try:
            self._change(requests.update(self._name, key, assign=settings, when=Attr("email").eq(target.email)))
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED:
                raise
            self._change(requests.update(self._name, key, assign=settings | mended))

    def set_mail_state(self, campaign: str, target: str, email: str, state: MailState) -> None:
        """Write down whether an address takes mail; does nothing when the target has another address by now."""
        request = requests.update(
            self._name,
            keys.target(campaign, target),
            assign={"mail_state": state},
            when=Attr("email").eq(email),
        )
        try:
            self._change(request)
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED:
                raise

    # Controls

    def controls(self, campaign: str) -> Controls:
        """Read what an organizer decided of a campaign's deliveries, as it stands now."""
        return items.read_controls(self._get(keys.controls(campaign), consistent=True))

    def pause(self, campaign: str, *, paused: bool) -> None:
        """Let a campaign's deliveries pause, or go on."""
        self._change(requests.pause(self._name, campaign, paused=paused))

    def approve(self, campaign: str, period: str) -> None:
        """Let a period's deliveries begin."""
        self._change(requests.approve(self._name, campaign, period))

    def hold(self, campaign: str, target: str, why: str | None) -> None:
        """Hold a target's letters back for a reason, or let them go; raises ChangedError without such a target."""
        self._update(requests.hold(self._name, campaign, target, why))

    def note(self, entry: AuditEntry, mark: str) -> None:
        """Write down what somebody did."""
        self._client.put_item(**requests.put_new(self._name, items.audit_values(entry, mark)))

    def audit(self, campaign: str) -> Iterator[AuditEntry]:
        """List what organizers did, newest first."""
        return (entry for _, entry in self.newest_audit(campaign))

    def newest_audit(self, campaign: str, before: str | None = None) -> Iterator[tuple[str, AuditEntry]]:
        """List what organizers did, newest first, each with its place; from a place on, what lies behind it."""
        request = requests.query(self._name, keys.audit_partition(campaign), newest_first=True, below=before)
        return ((values["sk"], items.read_audit(values)) for values in self._query(request))

    # Signatures

    def signature(self, campaign: str, signer: str) -> Signature | None:
        """Read a signature as it stands now."""
        values = self._get(keys.signature(campaign, signer), consistent=True)
        return items.read_signature(values) if values else None

    def signatures(self, campaign: str, signers: Sequence[str]) -> tuple[Signature, ...]:
        """Read several signatures as they stand now, in this order; those without a row are left out."""
        found: dict[str, Signature] = {}
        for start in range(0, len(signers), _BATCH_GET):
            pending: dict[str, Any] = {
                self._name: {
                    "Keys": [
                        items.to_item(keys.signature(campaign, signer)._asdict())
                        for signer in signers[start : start + _BATCH_GET]
                    ],
                    "ConsistentRead": True,
                }
            }
            pauses = iter(_PAUSES)
            while pending:
                answer = self._client.batch_get_item(RequestItems=pending)
                for item in answer["Responses"].get(self._name, []):
                    signature = items.read_signature(items.from_item(item))
                    found[signature.signer] = signature
                pending = dict(answer.get("UnprocessedKeys", {}))
                if pending:
                    self._sleep(next(pauses, _PAUSES[-1]))
        return tuple(found[signer] for signer in signers if signer in found)

    def newest_signatures(
        self, campaign: str, before: str | None = None, *, at_once: int | None = None
    ) -> Iterator[tuple[str, Signature]]:
        """Read a campaign's signatures, newest first, each with its place; from a place on, those behind it.

        `at_once` is how many are read ahead: the more, the fewer calls, for whoever reads many.
        """
        at_once = at_once or _LISTED_AT_ONCE
        shards = [
            self._query(
                requests.query(
                    self._name,
                    keys.listing_shard(campaign, shard),
                    index="listing",
                    newest_first=True,
                    below=before,
                    limit=at_once,
                )
            )
            for shard in range(keys.LISTING_SHARDS)
        ]
        merged = heapq.merge(*shards, key=lambda values: str(values["listed_at"]), reverse=True)
        for places in batched((values["listed_at"] for values in merged), at_once, strict=False):
            signers = [place.rpartition("#")[2] for place in places]
            found = {row.signer: row for row in self.signatures(campaign, signers)}
            yield from (
                (place, found[signer])
                for place, signer in zip(places, signers, strict=True)
                # The index is behind: who signed anew stands at a newer place.
                if signer in found and place == items.place_of(found[signer])
            )

    def listed_signatures(self, campaign: str) -> Iterator[Signature]:
        """Read every signature of a campaign, in no order; for recounts."""
        for shard in range(keys.LISTING_SHARDS):
            request = requests.query(self._name, keys.listing_shard(campaign, shard), index="listing")
            page: list[str] = []
            for values in self._query(request):
                page.append(keys.parse_signature(values["pk"])[1])
                if len(page) == _BATCH_GET:
                    yield from self.signatures(campaign, page)
                    page.clear()
            yield from self.signatures(campaign, page)

    def sign(self, signature: Signature, replacing: Signature | None, form: FormToken | None = None) -> None:
        """Write a pending signature and spend its form; raises ChangedError, FormConsumedError."""
        self._consume(form, requests.sign(self._name, signature, replacing), signature.signer)

    def ask_again(self, campaign: str, signer: str, mail_request: str, form: FormToken | None = None) -> None:
        """Ask for a mail about a confirmed signature and spend a form on it; raises ChangedError, FormConsumedError."""
        self._consume(form, requests.ask_again(self._name, campaign, signer, mail_request), signer)

    def release(self, campaign: str, signer: str, mail_request: str) -> None:
        """Let a letter out of the quarantine; raises ChangedError when it is in none."""
        self._update(requests.release(self._name, campaign, signer, mail_request))

    def _consume(self, form: FormToken | None, change: UpdateItemInputTypeDef, signer: str) -> None:
        if form is None:
            self._update(change)
            return
        try:
            self._client.transact_write_items(**requests.consume_form(self._name, form, change, signer))
        except ClientError as error:
            if code_of(error) != TRANSACTION_CANCELED:
                raise
            of_form, _ = _reasons(error)
            if of_form == CONDITION_FAILED.removesuffix("Exception"):
                message = "another letter was signed with this form"
                raise FormConsumedError(message) from error
            message = "the signature is not as it was read"
            raise ChangedError(message) from error

    def confirm(self, campaign: str, signer: str, version: int | None, *, at: datetime, on: date) -> Signature:
        """Confirm a pending signature, of this version if one is given, and return it; raises SignatureStateError."""
        return self._change_signature(requests.confirm(self._name, campaign, signer, version, at, on))

    def withdraw(self, campaign: str, signer: str, at: datetime) -> Signature:
        """Take a signature back and return it; raises SignatureStateError."""
        return self._change_signature(requests.withdraw(self._name, campaign, signer, at))

    def erase(self, signature: Signature, at: datetime, key: DeliveryKey | None = None) -> None:
        """Erase what a row says of its signer, and take its letter out of whatever its delivery sends from now on.

        Raises ChangedError when either is not as it was read.
        """
        if key is None:
            self._update(requests.erase(self._name, signature, at))
            return
        try:
            self._client.transact_write_items(**requests.erase_sealed(self._name, signature, key, at))
        except ClientError as error:
            if code_of(error) != TRANSACTION_CANCELED:
                raise
            message = "the letter or its delivery is not as it was read"
            raise ChangedError(message) from error

    # Abuse checks

    def count_form(self, network: str, address: str, *, expires_at: datetime) -> tuple[int, int]:
        """Count a form and return how many came from its network and from its address, given as hashes."""
        request = requests.count_form(self._name, network, address, int(expires_at.timestamp()))
        counted = items.from_item(self._client.update_item(**request)["Attributes"])
        return int(counted[keys.NETWORK_COUNTER]), int(counted[keys.address_counter(address)])

    def refusals(self, network: str) -> int:
        """Read how many keys were refused to a network, given as a hash."""
        values = self._get(keys.network(network), consistent=True)
        return int(values[keys.NETWORK_COUNTER]) if values else 0

    def count_refusal(self, network: str, *, expires_at: datetime) -> None:
        """Count a key that was refused to a network, given as a hash."""
        self._client.update_item(**requests.count_refusal(self._name, network, int(expires_at.timestamp())))

    def sign_ups(self, campaign: str, since: datetime) -> dict[datetime, int]:
        """Read how many people signed, by the beginning of each window since then that has any."""
        request = requests.query(self._name, keys.pace_partition(campaign), at_least=since.isoformat())
        return {datetime.fromisoformat(values["sk"]): int(values["signed"]) for values in self._query(request)}

    def add_sign_ups(self, campaign: str, window: datetime, amount: int) -> None:
        """Add people who signed in a window."""
        self._client.update_item(**requests.add_sign_ups(self._name, campaign, window, amount))

    # Counts

    def count(self, campaign: str) -> Count | None:
        """Read the public count, in one read."""
        values = self._get(keys.counter(campaign, TOTAL))
        if not values or "goal" not in values:
            return None
        return Count(campaign, int(values.get("signatures", 0)), int(values["goal"]))

    def counts(self, campaign: str, beginning: str | None = None) -> dict[str, int]:
        """Read every counter, `TOTAL`, `TARGET#…`, `DAY#…`, or those whose name begins so."""
        request = requests.query(self._name, keys.count_partition(campaign), begins_with=beginning, consistent=True)
        return {values["sk"]: int(values.get("signatures", 0)) for values in self._query(request)}

    def move_marks(self, campaign: str, moves: Sequence[tuple[Signature, str]]) -> None:
        """Move marks and counters together; raises ChangedError when a row has changed."""
        try:
            self._client.transact_write_items(**requests.move_marks(self._name, campaign, moves))
        except ClientError as error:
            if code_of(error) == TRANSACTION_CANCELED:
                message = f"the transaction was canceled: {', '.join(sorted(set(_reasons(error))))}"
                raise ChangedError(message) from error
            raise

    def forget(self, gone: Signature) -> None:
        """Take out of the counters what they hold of a row that is gone; twice is the same as once.

        A stream's record comes again for a day at most, so for how long it is known that this was done.
        """
        expires_at = int((datetime.now(UTC) + timedelta(days=2)).timestamp())
        try:
            self._client.transact_write_items(**requests.forget(self._name, gone, expires_at))
        except ClientError as error:
            if code_of(error) != TRANSACTION_CANCELED:
                raise
            done, *of_counters = _reasons(error)
            if done != "ConditionalCheckFailed":
                message = f"the transaction was canceled: {', '.join(sorted({done, *of_counters}))}"
                raise ChangedError(message) from error

    # Organizers' keys

    def api_key(self, campaign: str, digest: str) -> ApiKey | None:
        """Read a key by the SHA-256 of its text."""
        values = self._get(keys.api_key(campaign, digest), consistent=True)
        return items.read_api_key(values) if values else None

    def api_keys(self, campaign: str) -> tuple[ApiKey, ...]:
        """List a campaign's keys."""
        request = requests.query(self._name, keys.api_key_partition(campaign), consistent=True)
        return tuple(items.read_api_key(values) for values in self._query(request))

    def put_api_key(self, key: ApiKey) -> None:
        """Write a new key."""
        self._client.put_item(**requests.put_new(self._name, items.api_key_values(key)))

    def remove_api_key(self, campaign: str, digest: str) -> None:
        """Take a key away; it opens nothing from now on."""
        self._client.delete_item(TableName=self._name, Key=items.to_item(keys.api_key(campaign, digest)._asdict()))

    # Exports

    def put_export(self, export: Export) -> None:
        """Write how an export stands."""
        self._client.put_item(**requests.put(self._name, items.export_values(export)))

    def export(self, campaign: str, export_id: str) -> Export | None:
        """Read how an export stands now."""
        values = self._get(keys.export(campaign, export_id), consistent=True)
        return items.read_export(values) if values else None

    def exports(self, campaign: str) -> tuple[Export, ...]:
        """Read a campaign's exports, in no order."""
        request = requests.query(self._name, keys.export_partition(campaign), consistent=True)
        return tuple(items.read_export(values) for values in self._query(request))

    # Recipients

    def claim_mail(
        self, signer: str, request: str, at: datetime, *, most: int, known_for: timedelta = timedelta(days=2)
    ) -> bool:
        """Claim one of at most so many mails of the day; False when the request was mailed or they are used up.

        A stream's record comes again for a day, so what was mailed the day before is looked at, too.
        """
        before = self._get(keys.recipient(signer, _utc_day(at - timedelta(days=1))), consistent=True)
        if before and request in before.get("sent", ()):
            return False
        expires_at = int((at + known_for).timestamp())
        try:
            self._client.update_item(**requests.claim_mail(self._name, signer, _utc_day(at), request, expires_at, most))
        except ClientError as error:
            if code_of(error) == CONDITION_FAILED:
                return False
            raise
        return True

    def mail_sent(self, signer: str, request: str, at: datetime) -> None:
        """Write down that a claimed mail was sent."""
        self._client.update_item(**requests.mail_sent(self._name, signer, _utc_day(at), request))

    # Deliveries

    def has_waiting(self, campaign: str, target: str) -> bool:
        """Say whether any letter lies in a target's tray."""
        return any(
            self._client.query(
                **requests.query(self._name, tray_shard(campaign, target, shard), index="tray", limit=1)
            )["Items"]
            for shard in range(TRAY_SHARDS)
        )

    def how_many_wait(self, campaign: str, target: str) -> int:
        """Count the letters in a target's tray."""
        return sum(
            page["Count"]
            for shard in range(TRAY_SHARDS)
            for page in self._pages(
                requests.how_many(requests.query(self._name, tray_shard(campaign, target, shard), index="tray"))
            )
        )

    def waiting(self, campaign: str, target: str) -> Iterator[str]:
        """List the signers whose letters lie in a target's tray, oldest first."""
        shards = [
            self._query(requests.query(self._name, tray_shard(campaign, target, shard), index="tray"))
            for shard in range(TRAY_SHARDS)
        ]
        for values in heapq.merge(*shards, key=lambda values: str(values["due_at"])):
            yield keys.parse_signature(values["pk"])[1]

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Read a delivery as it stands now."""
        values = self._get(keys.delivery(key), consistent=True)
        return items.read_delivery(values) if values else None

    def deliveries(self, campaign: str, target: str) -> Iterator[Delivery]:
        """List a target's deliveries, newest first."""
        request = requests.query(
            self._name,
            keys.delivery_partition(campaign, target),
            begins_with=keys.DELIVERIES,
            newest_first=True,
            consistent=True,
        )
        return (items.read_delivery(values) for values in self._query(request))

    def open(self, delivery: Delivery) -> None:
        """Write a new delivery; raises ChangedError when it is there."""
        try:
            self._client.put_item(**requests.put_new(self._name, items.delivery_values(delivery)))
        except ClientError as error:
            raise _changed(error) from error

    def change(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        """Write a delivery; raises ChangedError unless it is still in this state and attempt."""
        self._update(requests.change_delivery(self._name, delivery, state=state, attempt=attempt))

    def begin_sending(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        """Write that a delivery's mail goes; raises ChangedError unless it is as it was read and nobody stopped it."""
        request = requests.begin_sending(self._name, delivery, state=state, attempt=attempt)
        # A campaign's deliveries all look at what holds it, and may do so at the same moment.
        for pause in (*_PAUSES, None):
            try:
                self._client.transact_write_items(**request)
            except ClientError as error:
                if code_of(error) != TRANSACTION_CANCELED:
                    raise
                reasons = {*_reasons(error)} - {"None"}
                if pause is None or reasons != {"TransactionConflict"}:
                    message = f"the mail does not go: {', '.join(sorted(reasons))}"
                    raise ChangedError(message) from error
                self._sleep(pause)
            else:
                return

    def note_event(self, event: MailEvent) -> None:
        """Write down what SES said of a mail; twice is the same as once."""
        self._client.put_item(**requests.put(self._name, items.mail_event_values(event)))

    def mail_events(self, key: DeliveryKey) -> tuple[MailEvent, ...]:
        """Read what SES said of a delivery's mails, in order."""
        return tuple(items.read_mail_event(key, values) for values in self._beginning_with(keys.mail_events(key)))

    def bundles(self, key: DeliveryKey) -> tuple[Bundle, ...]:
        """Read a delivery's bundles in order."""
        return tuple(items.read_bundle(values) for values in self._beginning_with(keys.bundles(key)))

    def seal(self, key: DeliveryKey, bundle: Bundle, at: datetime) -> None:
        """Seal letters; raises BundleTakenError, LettersNotWaitingError or ChangedError, and then did nothing."""
        if bundle.closes:
            self._close(key, bundle, at)
            return
        try:
            self._client.transact_write_items(**requests.seal(self._name, key, bundle, at))
        except ClientError as error:
            if code_of(error) != TRANSACTION_CANCELED:
                raise
            of_bundle, *of_letters = _reasons(error)
            if of_bundle == "ConditionalCheckFailed":
                message = f"bundle {bundle.number} of {key.period} is there already"
                raise BundleTakenError(message) from error
            gone = [
                signer
                for signer, reason in zip(bundle.signers, of_letters, strict=True)
                if reason == "ConditionalCheckFailed"
            ]
            if gone:
                raise LettersNotWaitingError(tuple(gone)) from error
            message = f"the transaction was canceled: {', '.join(sorted({of_bundle, *of_letters}))}"
            raise ChangedError(message) from error

    def _close(self, key: DeliveryKey, bundle: Bundle, at: datetime) -> None:
        """Write the bundle that closes a delivery; alone, it needs no transaction."""
        try:
            self._client.put_item(**requests.put_new(self._name, items.bundle_values(key, bundle, at)))
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED:
                raise
            message = f"bundle {bundle.number} of {key.period} is there already"
            raise BundleTakenError(message) from error

    def packets(self, key: DeliveryKey) -> tuple[PacketRecord, ...]:
        """Read a delivery's packets in order."""
        return tuple(items.read_packet(values) for values in self._beginning_with(keys.packets(key)))

    def add_packet(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record a stored packet; the same again changes nothing. Raises ChangedError if one without more is there."""
        try:
            self._client.put_item(**requests.add_packet(self._name, key, packet))
        except ClientError as error:
            raise _changed(error) from error

    # Calls

    def _get(self, key: keys.Key, *, consistent: bool = False) -> items.Values | None:
        item = self._client.get_item(**requests.get(self._name, key, consistent=consistent)).get("Item")
        return items.from_item(item) if item else None

    def _put_new(self, values: items.Values) -> bool:
        """Write an item; False when there is one in its place."""
        try:
            self._client.put_item(**requests.put_new(self._name, values))
        except ClientError as error:
            if code_of(error) == CONDITION_FAILED:
                return False
            raise
        return True

    def _query(self, request: QueryInputTypeDef) -> Iterator[items.Values]:
        return (items.from_item(item) for page in self._pages(request) for item in page["Items"])

    def _pages(self, request: QueryInputTypeDef) -> Iterator[QueryOutputTypeDef]:
        while True:
            page = self._client.query(**request)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _beginning_with(self, start: keys.Key) -> Iterator[items.Values]:
        return self._query(requests.query(self._name, start.pk, begins_with=start.sk, consistent=True))

    def _change(self, request: UpdateItemInputTypeDef) -> UpdateItemOutputTypeDef:
        """Change an item as soon as no transaction, such as a tally's, holds it."""
        for pause in _PAUSES:
            try:
                return self._client.update_item(**request)
            except ClientError as error:
                if code_of(error) != TRANSACTION_CONFLICT:
                    raise
            self._sleep(pause)
        return self._client.update_item(**request)

    def _update(self, request: UpdateItemInputTypeDef) -> None:
        try:
            self._change(request)
        except ClientError as error:
            raise _changed(error) from error

    def _change_signature(self, request: UpdateItemInputTypeDef) -> Signature:
        try:
            answer = self._change(request)
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED:
                raise
            item = cast("dict[str, Any] | None", error.response.get("Item"))
            raise SignatureStateError(items.read_signature(items.from_item(item)) if item else None) from error
        return items.read_signature(items.from_item(answer["Attributes"]))


def _utc_day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _changed(error: ClientError) -> Exception:
    if code_of(error) == CONDITION_FAILED:
        return ChangedError("the item is not as it was read")
    return error


def _reasons(error: ClientError) -> list[str]:
    reasons = cast("list[dict[str, str]]", error.response.get("CancellationReasons", []))
    return [reason.get("Code", "None") for reason in reasons]
