"""Requests to DynamoDB, built as plain dicts: what each call says is tested without AWS."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.conditions import Attr, ConditionExpressionBuilder
from boto3.dynamodb.conditions import Key as KeyCondition

from undersigned.aws import items, keys
from undersigned.domain import tallies
from undersigned.domain.deliveries import UNDER_WAY
from undersigned.domain.signatures import tray_of
from undersigned.domain.tokens import VALID_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from boto3.dynamodb.conditions import ConditionBase
    from types_boto3_dynamodb.type_defs import (
        ConditionCheckTypeDef,
        GetItemInputTypeDef,
        PutItemInputTypeDef,
        PutTypeDef,
        QueryInputTypeDef,
        TransactWriteItemsInputTypeDef,
        TransactWriteItemTypeDef,
        UpdateItemInputTypeDef,
        UpdateTypeDef,
    )

    from undersigned.domain.abuse_checks import FormToken
    from undersigned.domain.deliveries import Bundle, Delivery, DeliveryKey, DeliveryState, PacketRecord
    from undersigned.domain.signatures import Signature


def how_many(request: QueryInputTypeDef) -> QueryInputTypeDef:
    """Make a query tell how many items there are instead of the items."""
    return {**request, "Select": "COUNT"}


def get(table: str, key: keys.Key, *, consistent: bool = False) -> GetItemInputTypeDef:
    """Read one item."""
    return {"TableName": table, "Key": items.to_item(key._asdict()), "ConsistentRead": consistent}


def _condition(condition: ConditionBase, *, is_key: bool = False) -> tuple[str, dict[str, str], dict[str, Any]]:
    built = ConditionExpressionBuilder().build_expression(condition, is_key_condition=is_key)
    return (
        built.condition_expression,
        built.attribute_name_placeholders,
        items.to_item(built.attribute_value_placeholders),
    )


def query(  # noqa: PLR0913  (the parts of a query)
    table: str,
    pk: str,
    *,
    begins_with: str | None = None,
    at_least: str | None = None,
    below: str | None = None,
    index: str | None = None,
    limit: int | None = None,
    newest_first: bool = False,
    consistent: bool = False,
) -> QueryInputTypeDef:
    """Read the items of one partition: all, or those whose sort key begins so, lies from one on, or below one."""
    pk_name, sk_name = {"tray": ("due", "due_at"), "listing": ("listed", "listed_at")}.get(index or "", ("pk", "sk"))
    condition: ConditionBase = KeyCondition(pk_name).eq(pk)
    if begins_with is not None:
        condition &= KeyCondition(sk_name).begins_with(begins_with)
    if at_least is not None:
        condition &= KeyCondition(sk_name).gte(at_least)
    if below is not None:
        condition &= KeyCondition(sk_name).lt(below)
    expression, names, values = _condition(condition, is_key=True)
    request: QueryInputTypeDef = {
        "TableName": table,
        "KeyConditionExpression": expression,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ScanIndexForward": not newest_first,
        "ConsistentRead": consistent,
    }
    if index is not None:
        request["IndexName"] = index
    if limit is not None:
        request["Limit"] = limit
    return request


def put(table: str, values: items.Values, when: ConditionBase | None = None) -> PutItemInputTypeDef:
    """Write one whole item."""
    request: PutItemInputTypeDef = {"TableName": table, "Item": items.to_item(values)}
    if when is not None:
        expression, names, placeholders = _condition(when)
        request["ConditionExpression"] = expression
        request["ExpressionAttributeNames"] = names
        if placeholders:
            request["ExpressionAttributeValues"] = placeholders
    return request


def put_new(table: str, values: items.Values) -> PutItemInputTypeDef:
    """Write one whole item that must not be there yet."""
    return put(table, values, Attr("pk").not_exists())


def update(  # noqa: PLR0913  (the clauses of an update)
    table: str,
    key: keys.Key,
    *,
    assign: Mapping[str, Any] | None = None,
    copy: Mapping[str, str] | None = None,
    add: Mapping[str, int | set[str]] | None = None,
    remove: Iterable[str] = (),
    when: ConditionBase | None = None,
) -> UpdateItemInputTypeDef:
    """Change attributes of one item: assign values, copy other attributes, add to numbers and sets, remove."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}

    def name(attribute: str) -> str:
        names[f"#{attribute}"] = attribute
        return f"#{attribute}"

    def value(attribute: str, content: object) -> str:
        values[f":{attribute}"] = content
        return f":{attribute}"

    assigned = {attribute: content for attribute, content in (assign or {}).items() if content is not None}
    removed = [*remove, *(attribute for attribute, content in (assign or {}).items() if content is None)]
    clauses = {
        "SET": [
            *(f"{name(attribute)} = {value(attribute, content)}" for attribute, content in assigned.items()),
            *(f"{name(attribute)} = {name(source)}" for attribute, source in (copy or {}).items()),
        ],
        "ADD": [f"{name(attribute)} {value(attribute, content)}" for attribute, content in (add or {}).items()],
        "REMOVE": [name(attribute) for attribute in removed],
    }
    request: UpdateItemInputTypeDef = {
        "TableName": table,
        "Key": items.to_item(key._asdict()),
        "UpdateExpression": " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts),
    }
    placeholders = items.to_item(values)
    if when is not None:
        expression, condition_names, condition_values = _condition(when)
        request["ConditionExpression"] = expression
        names |= condition_names
        placeholders |= condition_values
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    request["ExpressionAttributeNames"] = names
    if placeholders:
        request["ExpressionAttributeValues"] = placeholders
    return request


def sign(table: str, signature: Signature, replacing: Signature | None) -> UpdateItemInputTypeDef:
    """Write a pending signature, new or in place of one that must not have changed meanwhile."""
    unchanged = Attr("pk").not_exists() if replacing is None else Attr("version").eq(replacing.version)
    return update(
        table,
        keys.signature(signature.campaign, signature.signer),
        assign=items.pending_signature_values(signature),
        remove=items.PENDING_HAS_NONE_OF,
        when=unchanged,
    )


def ask_again(table: str, campaign: str, signer: str, mail_request: str) -> UpdateItemInputTypeDef:
    """Ask for a mail that says what is the case with a signature."""
    return update(
        table,
        keys.signature(campaign, signer),
        assign={"mail_request": mail_request},
        when=Attr("status").eq("confirmed"),
    )


def pause(table: str, campaign: str, *, paused: bool) -> UpdateItemInputTypeDef:
    """Let a campaign's deliveries pause, or go on."""
    return update(table, keys.controls(campaign), assign={"paused": paused})


def approve(table: str, campaign: str, period: str) -> UpdateItemInputTypeDef:
    """Let a period's deliveries begin."""
    return update(table, keys.controls(campaign), add={"approved": {period}})


def hold(table: str, campaign: str, target: str, why: str | None) -> UpdateItemInputTypeDef:
    """Hold a target's letters back for a reason, or let them go again."""
    return update(table, keys.target(campaign, target), assign={"hold": why}, when=Attr("pk").exists())


def release(table: str, campaign: str, signer: str, mail_request: str) -> UpdateItemInputTypeDef:
    """Let a letter out of the quarantine, and ask for the mail with its button once more."""
    return update(
        table,
        keys.signature(campaign, signer),
        assign={"mail_request": mail_request},
        remove=["quarantine"],
        when=Attr("status").eq("pending") & Attr("quarantine").exists(),
    )


def consume_form(
    table: str, form: FormToken, change: UpdateItemInputTypeDef, signer: str
) -> TransactWriteItemsInputTypeDef:
    """Spend a form on the change of a signer's row, both or neither; on the same signer it can be spent again."""
    spent = {
        **keys.consumed_form(form.nonce)._asdict(),
        "signer": signer,
        "expires_at": int((form.issued_at + VALID_FOR["form"]).timestamp()),
    }
    unspent = Attr("pk").not_exists() | Attr("signer").eq(signer)
    return {"TransactItems": [{"Put": cast("PutTypeDef", put(table, spent, unspent))}, _in_transaction(change)]}


def count_form(table: str, network: str, address: str, expires_at: int) -> UpdateItemInputTypeDef:
    """Count a form for its network and for its address, in one item; returns both counts."""
    counters = {keys.NETWORK_COUNTER: 1, keys.address_counter(address): 1}
    request = update(table, keys.network(network), assign={"expires_at": expires_at}, add=counters)
    request["ReturnValues"] = "UPDATED_NEW"
    return request


def count_refusal(table: str, network: str, expires_at: int) -> UpdateItemInputTypeDef:
    """Count a key that was refused to a network."""
    return update(table, keys.network(network), assign={"expires_at": expires_at}, add={keys.NETWORK_COUNTER: 1})


def add_sign_ups(table: str, campaign: str, window: datetime, amount: int) -> UpdateItemInputTypeDef:
    """Add people who signed in a window; it is kept for a day."""
    expires_at = int((window + timedelta(days=1)).timestamp())
    return update(table, keys.pace(campaign, window), assign={"expires_at": expires_at}, add={"signed": amount})


def confirm(  # noqa: PLR0913, PLR0917  (a confirmation's parts)
    table: str, campaign: str, signer: str, version: int | None, at: datetime, on: date
) -> UpdateItemInputTypeDef:
    """Confirm a pending signature that has not expired, and lay its letter in its target's tray.

    Whoever presses the button in a mail is no bot, so the letter leaves the quarantine, too. With a version, the letter
    must still be the one that the signer saw.
    """
    confirmable = Attr("status").eq("pending") & Attr("expires_at").gt(int(at.timestamp()))
    if version is not None:
        confirmable &= Attr("version").eq(version)
    request = update(
        table,
        keys.signature(campaign, signer),
        assign={
            "status": "confirmed",
            "confirmed_at": at.isoformat(),
            "confirmed_on": on.isoformat(),
            "due_at": f"{at.isoformat()}#{signer}",
        },
        copy={"due": "tray"},
        add={"version": 1},
        remove=["expires_at", "quarantine"],
        when=confirmable,
    )
    request["ReturnValues"] = "ALL_NEW"
    return request


def withdraw(table: str, campaign: str, signer: str, at: datetime) -> UpdateItemInputTypeDef:
    """Take back a signature whose letter is not sealed yet."""
    request = update(
        table,
        keys.signature(campaign, signer),
        assign={"status": "withdrawn", "withdrawn_at": at.isoformat()},
        add={"version": 1},
        remove=["due", "due_at", "expires_at"],
        when=Attr("status").is_in(["pending", "confirmed"]) & Attr("bundle").not_exists(),
    )
    request["ReturnValues"] = "ALL_NEW"
    return request


def erase(table: str, signature: Signature, at: datetime) -> UpdateItemInputTypeDef:
    """Erase what a row says of its signer; its key stays, so that the letter can't come back unseen."""
    return update(
        table,
        keys.signature(signature.campaign, signature.signer),
        assign={
            "status": "erased",
            "erased_at": at.isoformat(),
            "updates": False,
            **dict.fromkeys(items.PERSONAL, ""),
        },
        add={"version": 1},
        remove=["due", "due_at", "expires_at", "quarantine"],
        when=Attr("version").eq(signature.version),
    )


def erase_sealed(table: str, signature: Signature, key: DeliveryKey, at: datetime) -> TransactWriteItemsInputTypeDef:
    """Erase a letter that is sealed in a delivery of which no mail is being made, and take it out of that."""
    out = update(
        table,
        keys.delivery(key),
        add={"erased": {signature.signer}},
        when=~Attr("state").is_in([*UNDER_WAY]),
    )
    return {"TransactItems": [_in_transaction(erase(table, signature, at)), _in_transaction(out)]}


def move_marks(table: str, campaign: str, moves: Sequence[tuple[Signature, str]]) -> TransactWriteItemsInputTypeDef:
    """Move rows' `tallied` marks and the counters with them, all or nothing.

    Each row must still be as it was read.
    """
    change = tallies.difference([(signature.tallied, mark) for signature, mark in moves])
    return {
        "TransactItems": [
            *(_count(table, campaign, counter, amount) for counter, amount in change.items()),
            *(_in_transaction(_move_mark(table, signature, mark)) for signature, mark in moves),
        ]
    }


def forget(table: str, gone: Signature, expires_at: int) -> TransactWriteItemsInputTypeDef:
    """Take out of the counters what they hold of a row that is gone, unless that was done."""
    forgotten = keys.forgotten(gone.campaign, gone.signer, gone.signed_at, gone.version)
    change = tallies.difference([(gone.tallied, tallies.NOT_COUNTED)])
    return {
        "TransactItems": [
            {"Put": cast("PutTypeDef", put_new(table, {**forgotten._asdict(), "expires_at": expires_at}))},
            *(_count(table, gone.campaign, counter, amount) for counter, amount in change.items()),
        ]
    }


def _count(table: str, campaign: str, counter: str, amount: int) -> TransactWriteItemTypeDef:
    return _in_transaction(update(table, keys.counter(campaign, counter), add={"signatures": amount}))


def _move_mark(table: str, signature: Signature, mark: str) -> UpdateItemInputTypeDef:
    unmoved = Attr("tallied").eq(signature.tallied) if signature.tallied else Attr("tallied").not_exists()
    return update(
        table,
        keys.signature(signature.campaign, signature.signer),
        assign={"tallied": mark or None},
        when=Attr("version").eq(signature.version) & unmoved,
    )


def _in_transaction(request: UpdateItemInputTypeDef) -> TransactWriteItemTypeDef:
    """Make an update part of a transaction, which does not tell what it found in place of what was asked for."""
    request.pop("ReturnValuesOnConditionCheckFailure", None)
    return {"Update": cast("UpdateTypeDef", request)}


def seal(table: str, key: DeliveryKey, bundle: Bundle, at: datetime) -> TransactWriteItemsInputTypeDef:
    """Seal up to 99 letters in a bundle, all or nothing: first the bundle, then the letters in its order."""
    return {
        "TransactItems": [
            {"Put": cast("PutTypeDef", put_new(table, items.bundle_values(key, bundle, at)))},
            *(_in_transaction(_seal_letter(table, key, bundle.number, signer)) for signer in bundle.signers),
        ]
    }


def _seal_letter(table: str, key: DeliveryKey, bundle: int, signer: str) -> UpdateItemInputTypeDef:
    return update(
        table,
        keys.signature(key.campaign, signer),
        assign={"bundle": f"{key.period}#{bundle:04d}"},
        add={"version": 1},
        remove=["due", "due_at"],
        # It must lie in this very tray: the index may be behind a letter that was signed anew for somebody else.
        when=Attr("status").eq("confirmed")
        & Attr("due").eq(tray_of(key.campaign, key.target, signer))
        & Attr("bundle").not_exists(),
    )


def change_delivery(table: str, delivery: Delivery, *, state: DeliveryState, attempt: int) -> UpdateItemInputTypeDef:
    """Write a delivery that must still be in this state and attempt, with no letter erased since."""
    nothing_erased = Attr("erased").eq({*delivery.erased}) if delivery.erased else Attr("erased").not_exists()
    values = items.delivery_values(delivery)
    key = keys.Key(values.pop("pk"), values.pop("sk"))
    unchanged = Attr("state").eq(state) & Attr("attempt").eq(attempt) & nothing_erased
    return update(table, key, assign=values, when=unchanged)


def begin_sending(
    table: str, delivery: Delivery, *, state: DeliveryState, attempt: int
) -> TransactWriteItemsInputTypeDef:
    """Write that a delivery's mail goes, unless an organizer has stopped its campaign or its target until then."""
    key = delivery.key
    return {
        "TransactItems": [
            _in_transaction(change_delivery(table, delivery, state=state, attempt=attempt)),
            _check(table, keys.controls(key.campaign), ~Attr("paused").eq(True)),  # noqa: FBT003  (an attribute's value)
            _check(table, keys.target(key.campaign, key.target), Attr("hold").not_exists()),
        ]
    }


def _check(table: str, key: keys.Key, condition: ConditionBase) -> TransactWriteItemTypeDef:
    expression, names, values = _condition(condition)
    check: ConditionCheckTypeDef = {
        "TableName": table,
        "Key": items.to_item(key._asdict()),
        "ConditionExpression": expression,
        "ExpressionAttributeNames": names,
    }
    if values:
        check["ExpressionAttributeValues"] = values
    return {"ConditionCheck": check}


def add_packet(table: str, key: DeliveryKey, packet: PacketRecord) -> PutItemInputTypeDef:
    """Record a packet, unless there is one without letters that were erased since this one was typeset."""
    unless_newer = Attr("pk").not_exists() | Attr("erased").lte(packet.erased)
    return put(table, items.packet_values(key, packet), unless_newer)


def claim_mail(  # noqa: PLR0913, PLR0917  (a claim's parts)
    table: str, signer: str, day: str, request: str, expires_at: int, most: int
) -> UpdateItemInputTypeDef:
    """Claim one of at most so many mails of a person's day for a request that has not been mailed yet.

    What was claimed and not sent counts for nothing: it may have had to wait, and been asked for anew meanwhile. But a
    table that takes no writes stops a mail here, before it is sent and can't be written down.
    """
    return update(
        table,
        keys.recipient(signer, day),
        assign={"expires_at": expires_at},
        when=~Attr("sent").contains(request) & (Attr("sent").not_exists() | Attr("sent").size().lt(most)),
    )


def mail_sent(table: str, signer: str, day: str, request: str) -> UpdateItemInputTypeDef:
    """Write down that a claimed mail was sent."""
    return update(table, keys.recipient(signer, day), add={"sent": {request}})
