"""AWS in memory, without HTTP: twenty times as fast as moto, for tests that make many calls.

It knows only what the product uses. `test_memory.py` gives it and moto the same calls, and compares the answers. Index
entries can appear late: DynamoDB updates its indexes after its tables ("Using Global Secondary Indexes in DynamoDB",
DynamoDB developer guide).
"""

from __future__ import annotations

import copy
import hashlib
import io
import operator
import re
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.comparisons import create_condition_expression_parser
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]
from moto.dynamodb.parsing.key_condition_expression import parse_expression
from moto.dynamodb.parsing.tokens import ExpressionTokenizer
from moto.dynamodb.parsing.validators import (
    ActionCountValidator,
    OverlappingPathsValidator,
    UpdateHashRangeKeyValidator,
)

from tests.support.rows import unwritten
from undersigned.delivering.rules.deliveries import Delivery
from undersigned.delivering.rules.states import STATES
from undersigned.organizing.actions import ACTIONS
from undersigned_cli.local.needs import needs_of
from undersigned_cli.local.permissions import may
from undersigned_cli.local.resources import table_definition
from undersigned_cli.local.template import properties_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.world import Sent, World

type Item = dict[str, dict[str, Any]]
"""An item with DynamoDB's typed attributes. It is never changed, only replaced."""

_VERSIONED = "-draftbucket"
"""The end of the name of the bucket that keeps versions."""

_OF_DRAFTS = "drafts/"
"""How the names of its objects begin in `Memory.objects`. Each ends in # and its version."""

_LAST = "\U0010ffff"
"""A text after all others."""

type Place = tuple[str, str]
"""The primary key of an item."""

type Check = Callable[[str, str, str, Mapping[str, Any]], None]
"""Checks a call of a function (its logical id): the service, the operation and the parameters."""


def _tag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def refuse(
    operation: str, code: str, status: int = 400, more: Mapping[str, Any] | None = None, message: str = ""
) -> NoReturn:
    """Raise the error of boto3 for a call that AWS refuses."""
    answer: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **(more or {}),
    }
    raise ClientError(answer, operation)


@dataclass
class Index:
    """A global secondary index: its two attributes, its entries, and the changes that are not in it yet."""

    partition: str
    sort: str
    entries: dict[str, dict[Place, str]] = field(default_factory=dict)
    _where: dict[Place, str] = field(default_factory=dict)
    _in_order: dict[str, list[tuple[str, Place]]] = field(default_factory=dict)
    _late: list[tuple[datetime, Place, Item | None]] = field(default_factory=list)

    def change(self, place: Place, item: Item | None, visible_at: datetime) -> None:
        """Note a change of an item."""
        self._late.append((visible_at, place, item))

    def catch_up(self, now: datetime) -> None:
        """Make the changes that are due. Those of one item stay in order."""
        late, self._late = self._late, []
        waiting: set[Place] = set()
        for visible_at, place, item in late:
            if visible_at > now or place in waiting:
                waiting.add(place)
                self._late.append((visible_at, place, item))
            else:
                self._put(place, item)

    def between(self, partition: str, first: str, last: str) -> list[tuple[str, Place]]:
        """Return the entries of a partition from one position to another. Looks at no others: there may be 100,000."""
        entries = self._in_order.get(partition)
        if entries is None:
            found = self.entries.get(partition, {}).items()
            entries = self._in_order[partition] = sorted((position, place) for place, position in found)
        return entries[bisect_left(entries, (first,)) : bisect_left(entries, (last + _LAST,))]

    def _put(self, place: Place, item: Item | None) -> None:
        if (before := self._where.pop(place, None)) is not None:
            del self.entries[before][place]
            self._in_order.pop(before, None)
        if item is not None and self.partition in item and self.sort in item:
            partition = item[self.partition]["S"]
            self.entries.setdefault(partition, {})[place] = item[self.sort]["S"]
            self._where[place] = partition
            self._in_order.pop(partition, None)


class Memory:
    """All the services of one stack.

    `lag` returns how late an index gets a change, and `received` how many of a queue's messages somebody keeps.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Take the clock of the stream's records and of the indexes."""
        self.clock = clock
        self.lag: Callable[[], timedelta] = timedelta
        self.received: Callable[[str], int] = lambda _queue_url: 0
        self.world: World | None = None
        self.sent_as: Callable[..., Sent]
        self.read_mail: Callable[[bytes], Any] = bytes
        self.partitions: dict[str, dict[str, Item]] = {}
        self.records: list[dict[str, Any]] = []
        self.queues: dict[str, list[dict[str, Any]]] = {}
        self.objects: dict[str, bytes] = {}
        self._versions = 0
        self._parts: dict[tuple[str, int], bytes] = {}
        self._uploads = 0
        self.quota = {"MaxSendRate": 14.0, "Max24HourSend": 50_000.0, "SentLast24Hours": 0.0}
        self.told: list[tuple[str, str]] = []
        self._secrets: dict[str, list[str]] = {}
        self._sent = 0
        self._messages = 0
        self._done: set[str] = set()
        self._by_function = False
        self.indexes = {
            index["IndexName"]: Index(*(key["AttributeName"] for key in index["KeySchema"]))
            for index in table_definition()["GlobalSecondaryIndexes"]
        }
        self._clients: dict[tuple[str, str | None], _Client] = {}

    def client(self, service: str, function: str | None, check: Check | None = None) -> Any:
        """Return a client like boto3's, of a function (its logical id) or of nobody.

        `check` checks each call of a function; without it, the template's permissions do.
        """
        if check is not None:
            return _Client(self, service, function, check)
        key = service, function
        if key not in self._clients:
            self._clients[key] = _Client(self, service, function, check_permission)
        return self._clients[key]

    def call(self, client: _Client, method: str, params: dict[str, Any]) -> Any:
        """Make a call of a client. A function's call is checked, and its world's watch is told of it."""
        service, function = client.service, client.function
        # Tests also write states that nothing leads to.
        self._by_function = function is not None
        if service == "dynamodb":
            check_expressions(operation_of(method), params)
        world = self.world
        make = getattr(self, f"_{service}_{method}")
        if world is None or function is None:
            return make(**params)
        operation = operation_of(method)
        name = f"{service}:{operation}"
        world.calls.append(name)
        client.check(function, service, operation, params)
        check_names(params)
        watch = world.watch
        if watch is None:
            return make(**params)
        watch.before(function, name, params)
        while True:
            refusal = None
            try:
                answer = make(**params)
            except ClientError as found:
                refusal = found
            if not watch.retries(function, name):
                break
        watch.after(function, name)
        if refusal is not None:
            raise refusal
        return answer

    def save(self) -> Callable[[], None]:
        """Return a function that restores the items, the stream, the objects and the queues."""
        partitions = {pk: dict(partition) for pk, partition in self.partitions.items()}
        records = list(self.records)
        indexes, objects, queues = copy.deepcopy((self.indexes, self.objects, self.queues))

        def restore() -> None:
            self.partitions = {pk: dict(partition) for pk, partition in partitions.items()}
            self.indexes, self.objects, self.queues = copy.deepcopy((indexes, objects, queues))
            self.records = list(records)

        return restore

    # DynamoDB

    def items(self) -> Iterator[Item]:
        """List all items."""
        for partition in self.partitions.values():
            yield from partition.values()

    def _find(self, key: Item) -> Item | None:
        return self.partitions.get(key["pk"]["S"], {}).get(key["sk"]["S"])

    def _replace(self, key: Item, new: Item | None) -> None:
        pk, sk = key["pk"]["S"], key["sk"]["S"]
        partition = self.partitions.setdefault(pk, {})
        old = partition.get(sk)
        if old == new:
            return
        if self._by_function and old and new and sk.startswith(Delivery.beginning()):
            check_state(old["state"]["S"], new["state"]["S"])
        if new is None:
            del partition[sk]
        else:
            partition[sk] = new
        now = self.clock()
        for index in self.indexes.values():
            names = index.partition, index.sort
            if any((old or {}).get(name) != (new or {}).get(name) for name in names):
                index.change((pk, sk), new, now + self.lag())
                # So that an entry is there even if a test sets the clock back.
                index.catch_up(now)
        self.records.append(
            {
                "eventID": str(len(self.records)),
                "eventName": "REMOVE" if new is None else "MODIFY" if old else "INSERT",
                "eventSource": "aws:dynamodb",
                "dynamodb": {
                    "Keys": {"pk": key["pk"], "sk": key["sk"]},
                    **({"NewImage": new} if new is not None else {}),
                    **({"OldImage": old} if old is not None else {}),
                    "SequenceNumber": f"{len(self.records) + 1:021d}",
                    "ApproximateCreationDateTime": now,
                },
            }
        )

    def _dynamodb_get_item(self, *, Key: Item, **_: Any) -> Any:  # noqa: N803
        found = self._find(Key)
        return {} if found is None else {"Item": found}

    def _dynamodb_batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:  # noqa: N803
        return {
            "Responses": {
                table: [found for key in wanted["Keys"] if (found := self._find(key)) is not None]
                for table, wanted in RequestItems.items()
            }
        }

    def _dynamodb_query(self, **request: Any) -> Any:
        condition = request["KeyConditionExpression"]
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        partition = values[_partition_of(condition)]["S"]
        if index := self.indexes.get(request.get("IndexName", "")):
            index.catch_up(self.clock())
            sort = index.sort
            found: list[Item] = [
                {
                    "pk": {"S": pk},
                    "sk": {"S": sk},
                    index.partition: {"S": partition},
                    index.sort: {"S": position},
                }
                for position, (pk, sk) in index.between(partition, *_bounds(condition, values))
            ]
        else:
            sort = "sk"
            found = list(self.partitions.get(partition, {}).values())
        found = [item for item in found if holds(condition, item, names, values)]
        found.sort(
            key=lambda item: (item[sort]["S"], item["pk"]["S"]), reverse=not request.get("ScanIndexForward", True)
        )
        if start := request.get("ExclusiveStartKey"):
            places = [(item["pk"], item["sk"]) for item in found]
            found = (
                found[places.index((start["pk"], start["sk"])) + 1 :] if (start["pk"], start["sk"]) in places else []
            )
        limit = request.get("Limit", len(found))
        page: dict[str, Any] = {"Items": found[:limit], "Count": len(found[:limit])}
        if len(found) > limit:
            page["LastEvaluatedKey"] = {"pk": found[limit - 1]["pk"], "sk": found[limit - 1]["sk"]}
        if request.get("Select") == "COUNT":
            del page["Items"]
        return page

    def _dynamodb_scan(self, **_: Any) -> Any:
        return {"Items": list(self.items())}

    def _dynamodb_put_item(self, *, Item: Item, **request: Any) -> Any:  # noqa: N803
        self._check("PutItem", self._find(Item), request)
        self._replace(Item, dict(Item))
        return {}

    def _dynamodb_delete_item(self, *, Key: Item, **request: Any) -> Any:  # noqa: N803
        found = self._find(Key)
        self._check("DeleteItem", found, request)
        if found is not None:
            self._replace(Key, None)
        return {}

    def _dynamodb_update_item(self, *, Key: Item, **request: Any) -> Any:  # noqa: N803
        old = self._find(Key)
        self._check("UpdateItem", old, request)
        new = changed(Key, old, request)
        self._replace(Key, new)
        returns = request.get("ReturnValues", "NONE")
        if returns == "NONE":
            return {}
        if returns == "UPDATED_NEW":
            new = {name: value for name, value in new.items() if (old or {}).get(name) != value}
        return {"Attributes": new}

    def _check(self, operation: str, found: Item | None, request: Mapping[str, Any]) -> None:
        if _meets(found, request):
            return
        shown = found is not None and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        refuse(operation, "ConditionalCheckFailedException", more={"Item": found} if shown else {})

    def _dynamodb_transact_write_items(
        self,
        *,
        TransactItems: Any,  # noqa: N803
        ClientRequestToken: str = "",  # noqa: N803
        **_: Any,
    ) -> Any:
        if ClientRequestToken in self._done:
            return {}
        writes = [next(iter(item.items())) for item in TransactItems]
        keys = [write.get("Key") or write["Item"] for _, write in writes]
        places = [(key["pk"]["S"], key["sk"]["S"]) for key in keys]
        assert len(places) == len(set(places)), "a transaction has two writes of one item"
        found = [self._find(key) for key in keys]
        reasons = [
            {"Code": "None" if _meets(item, write) else "ConditionalCheckFailed"}
            for (_, write), item in zip(writes, found, strict=True)
        ]
        if any(reason["Code"] != "None" for reason in reasons):
            refuse("TransactWriteItems", "TransactionCanceledException", more={"CancellationReasons": reasons})
        for (kind, write), key, old in zip(writes, keys, found, strict=True):
            match kind:
                case "Put":
                    self._replace(key, dict(write["Item"]))
                case "Update":
                    self._replace(key, changed(key, old, write))
                case "Delete":
                    self._replace(key, None)
        if ClientRequestToken:
            self._done.add(ClientRequestToken)
        return {}

    # SQS: a message is received once; the platform keeps it from then on

    def _sqs_send_message(self, *, QueueUrl: str, MessageBody: str, **_: Any) -> Any:  # noqa: N803
        self._messages += 1
        message = {
            "MessageId": f"message-{self._messages}",
            "ReceiptHandle": f"receipt-{self._messages}",
            "Body": MessageBody,
            "Attributes": {"ApproximateReceiveCount": "1"},
        }
        self.queues[QueueUrl].append(message)
        return {"MessageId": message["MessageId"]}

    def _sqs_send_message_batch(self, *, QueueUrl: str, Entries: Any) -> Any:  # noqa: N803
        assert 1 <= len(Entries) <= 10, "SQS takes one to ten messages"
        for entry in Entries:
            self._sqs_send_message(QueueUrl=QueueUrl, MessageBody=entry["MessageBody"])
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def _sqs_receive_message(self, *, QueueUrl: str, **_: Any) -> Any:  # noqa: N803
        found, self.queues[QueueUrl] = self.queues[QueueUrl], []
        return {"Messages": found}

    def _sqs_delete_message(self, **_: Any) -> Any:
        return {}

    def _sqs_change_message_visibility(self, **_: Any) -> Any:
        return {}

    # S3

    def _s3_put_bucket_versioning(self, **_: Any) -> Any:
        return {}

    def _s3_put_object(self, *, Bucket: str, Key: str, Body: bytes, **more: Any) -> Any:  # noqa: N803
        if not Bucket.endswith(_VERSIONED):
            self.objects[Key] = Body
            return {}
        there = self._versions_of(Key)
        tag = more.get("IfMatch")
        if tag and not there:
            refuse("PutObject", "NoSuchKey", status=404)
        if (tag and _tag(self.objects[there[0]]) != tag) or ("IfNoneMatch" in more and there):
            refuse("PutObject", "PreconditionFailed", status=412)
        self._versions += 1
        version = f"{self._versions:08d}"
        self.objects[f"{_OF_DRAFTS}{Key}#{version}"] = Body
        return {"ETag": _tag(Body), "VersionId": version}

    def _versions_of(self, key: str) -> list[str]:
        """Return the names of the versions of a draft, the newest first."""
        beginning = f"{_OF_DRAFTS}{key}#"
        return sorted((name for name in self.objects if name.startswith(beginning)), reverse=True)

    def _s3_get_object(self, *, Bucket: str, Key: str, VersionId: str = "", **_: Any) -> Any:  # noqa: N803
        if not Bucket.endswith(_VERSIONED):
            if Key not in self.objects:
                refuse("GetObject", "NoSuchKey", status=404)
            return {"Body": io.BytesIO(self.objects[Key])}
        name = next((it for it in self._versions_of(Key) if not VersionId or it.endswith(f"#{VersionId}")), None)
        if name is None:
            refuse("GetObject", "NoSuchVersion" if VersionId else "NoSuchKey", status=404)
        content = self.objects[name]
        return {"Body": io.BytesIO(content), "ETag": _tag(content), "VersionId": name.rpartition("#")[2]}

    def _s3_list_object_versions(self, *, Prefix: str, **_: Any) -> Any:  # noqa: N803
        return {"Versions": [{"Key": Prefix, "VersionId": it.rpartition("#")[2]} for it in self._versions_of(Prefix)]}

    def _s3_head_object(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        if Key not in self.objects:
            refuse("HeadObject", "404", status=404)
        return {}

    def _s3_delete_object(self, *, Key: str, VersionId: str = "", **_: Any) -> Any:  # noqa: N803
        self.objects.pop(f"{_OF_DRAFTS}{Key}#{VersionId}" if VersionId else Key, None)
        return {}

    def _s3_delete_objects(self, *, Delete: Mapping[str, Any], **_: Any) -> Any:  # noqa: N803
        for found in Delete["Objects"]:
            self.objects.pop(found["Key"], None)
        return {}

    def _s3_list_objects_v2(self, *, Bucket: str, Prefix: str = "", **_: Any) -> Any:  # noqa: N803
        if Bucket.endswith(_VERSIONED):
            drafts = {
                name.removeprefix(_OF_DRAFTS).split("#")[0] for name in self.objects if name.startswith(_OF_DRAFTS)
            }
            return {"Contents": [{"Key": key} for key in sorted(drafts)]}
        return {"Contents": [{"Key": key} for key in sorted(self.objects) if key.startswith(Prefix)]}

    def _s3_list_buckets(self, **_: Any) -> Any:
        return {"Buckets": [{"Name": "bucket"}]}

    def _s3_create_multipart_upload(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        self._uploads += 1
        return {"UploadId": f"{Key} {self._uploads}"}

    def _s3_upload_part(self, *, UploadId: str, PartNumber: int, Body: bytes, **_: Any) -> Any:  # noqa: N803
        self._parts[UploadId, PartNumber] = Body
        return {"ETag": str(PartNumber)}

    def _s3_complete_multipart_upload(self, *, UploadId: str, Key: str, **_: Any) -> Any:  # noqa: N803
        parts = sorted(part for part in self._parts if part[0] == UploadId)
        if not parts:
            # It was completed or aborted before ("CompleteMultipartUpload", Amazon S3 API reference).
            refuse("CompleteMultipartUpload", "NoSuchUpload", status=404)
        self.objects[Key] = b"".join(self._parts.pop(part) for part in parts)
        return {}

    def _s3_abort_multipart_upload(self, *, UploadId: str, **_: Any) -> Any:  # noqa: N803
        for part in [part for part in self._parts if part[0] == UploadId]:
            del self._parts[part]
        return {}

    # SNS

    def _sns_create_topic(self, *, Name: str) -> Any:  # noqa: N803
        return {"TopicArn": Name}

    def _sns_publish(self, *, Subject: str, Message: str, **_: Any) -> Any:  # noqa: N803
        self.told.append((Subject, Message))
        return {"MessageId": str(len(self.told))}

    # SES

    def _sesv2_get_account(self) -> Any:
        return {"SendQuota": dict(self.quota)}

    def _sesv2_send_email(self, **params: Any) -> Any:
        world = self.world
        assert world is not None
        if world.throttles:
            world.throttles -= 1
            refuse("SendEmail", "TooManyRequestsException", status=429)
        if world.refusal:
            refuse("SendEmail", world.refusal)
        self._sent += 1
        [to] = params["Destination"]["ToAddresses"]
        message_id = f"email-{self._sent}"
        world.sent.append(
            self.sent_as(
                message_id,
                to,
                {tag["Name"]: tag["Value"] for tag in params["EmailTags"]},
                self.read_mail(params["Content"]["Raw"]["Data"]),
                is_suppressed=world.suppressed.get(to) in suppressed_reasons(params["ConfigurationSetName"]),
            )
        )
        return {"MessageId": message_id}

    # Making a stack

    def _secretsmanager_put_secret_value(self, *, SecretId: str, SecretString: str) -> Any:  # noqa: N803
        self._secrets[SecretId].append(SecretString)
        return {}

    def _secretsmanager_get_secret_value(self, *, SecretId: str, VersionStage: str = "AWSCURRENT") -> Any:  # noqa: N803
        values, back = self._secrets[SecretId], 2 if VersionStage == "AWSPREVIOUS" else 1
        if len(values) < back:
            refuse("GetSecretValue", "ResourceNotFoundException")
        return {"SecretString": values[-back]}

    def _secretsmanager_create_secret(self, *, Name: str, SecretString: str) -> Any:  # noqa: N803
        self._secrets[Name] = [SecretString]
        return {"ARN": Name}

    def _dynamodb_create_table(self, *, TableName: str, **_: Any) -> Any:  # noqa: N803
        return {"TableDescription": {"TableName": TableName}}

    def _sqs_create_queue(self, *, QueueName: str, **_: Any) -> Any:  # noqa: N803
        url = f"https://sqs.example/{QueueName}"
        self.queues[url] = []
        return {"QueueUrl": url}

    def _sqs_get_queue_attributes(self, *, QueueUrl: str, **_: Any) -> Any:  # noqa: N803
        numbers = ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
        kept = len(self.queues[QueueUrl]) + self.received(QueueUrl)
        return {
            "Attributes": {"QueueArn": QueueUrl, "ApproximateNumberOfMessages": str(kept)} | dict.fromkeys(numbers, "0")
        }

    def _made(self, **_: Any) -> Any:
        return {}

    _s3_create_bucket = _made
    _sesv2_create_email_identity = _sesv2_create_configuration_set = _made


class _Client:
    """Looks like a client of boto3."""

    def __init__(self, memory: Memory, service: str, function: str | None, check: Check) -> None:
        self._memory = memory
        self.service = service
        self.function = function
        self.check = check
        self.meta: Any = _Meta

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(**params: Any) -> Any:
            return self._memory.call(self, method, params)

        self.__dict__[method] = call
        return call

    def get_paginator(self, method: str) -> Any:
        """Return a paginator of one page."""
        return _OnePage(getattr(self, method))

    def upload_fileobj(self, file: Any, bucket: str, key: str, *, ExtraArgs: Any, Config: Any) -> None:  # noqa: N803
        """Upload a file as boto3 does: in parts if it is large. A failed upload in parts is aborted."""
        parts = list(iter(lambda: file.read(Config.multipart_chunksize), b""))
        if sum(map(len, parts)) < Config.multipart_threshold:
            self.put_object(Bucket=bucket, Key=key, Body=b"".join(parts), **ExtraArgs)
            return
        upload = self.create_multipart_upload(Bucket=bucket, Key=key, **ExtraArgs)["UploadId"]
        of = {"Bucket": bucket, "Key": key, "UploadId": upload}
        try:
            made = [
                {"PartNumber": number, **self.upload_part(**of, PartNumber=number, Body=part)}
                for number, part in enumerate(parts, start=1)
            ]
            self.complete_multipart_upload(**of, MultipartUpload={"Parts": made})
        except Exception:
            self.abort_multipart_upload(**of)
            raise

    def generate_presigned_url(self, _method: str, *, Params: Mapping[str, Any], **_: Any) -> str:  # noqa: N803
        """Return the object's key, as an address. It opens only what its maker may read."""
        if self.function is not None:
            self.check(self.function, "s3", "GetObject", dict(Params))
        return f"https://bucket.example/{Params['Key']}"


@cache
def suppressed_reasons(configuration_set: str) -> tuple[str, ...]:
    """Return the reasons for which SES drops emails of a configuration set to addresses on its suppression list."""
    return tuple(properties_of(configuration_set)["SuppressionOptions"]["SuppressedReasons"])


@cache
def operation_of(method: str) -> str:
    """Return AWS's name of a client's method: GetItem for get_item."""
    return "".join(part.capitalize() for part in method.split("_"))


class _Meta:
    region_name = "us-east-1"


@dataclass(frozen=True)
class _OnePage:
    call: Callable[..., Any]

    def paginate(self, **params: Any) -> Iterator[Any]:
        yield self.call(**params)


_allowed: set[tuple[str, str, str, str]] = set()


def check_permission(function: str, service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Fail if a function has no permission for a call. Partitions of one kind are the same permission."""
    kinds = repr(sorted(_kinds(params)))
    known = (function, service, operation, kinds)
    if known in _allowed:
        return
    for need in needs_of(service, operation, params):
        if not may(function, need):
            pytest.fail(f"template.yaml does not let {function} do {need.action} on {need.resource} {need.facts}")
    _allowed.add(known)


def check_names(params: Mapping[str, Any]) -> None:
    """Fail if a call names an attribute that its row's class doesn't write, or an action without words in the log."""
    for write in params.get("TransactItems", ()):
        check_names(next(iter(write.values())))
    key, names = params.get("Key") or params.get("Item"), params.get("ExpressionAttributeNames")
    if isinstance(key, dict) and "action" in key and key["action"]["S"] not in ACTIONS:
        pytest.fail(f"the activity log has no words for {key['action']['S']!r}")
    if isinstance(key, dict) and names:
        pk, sk = ("".join(key[name]["S"].partition("#")[:2]) for name in ("pk", "sk"))
        if strange := unwritten(pk, sk, frozenset(names.values())):
            pytest.fail(f"no {pk} {sk} has {strange}")


def check_state(before: Any, after: Any) -> None:
    """Fail if a write moves a delivery to a state to which the table has no event."""
    if before != after and after not in STATES[before].after.values():
        pytest.fail(f"nothing leads from {before} to {after}")


def _kinds(params: Any) -> Iterator[str]:
    """List what a permission can depend on: the index, the secret, and the beginnings of all keys in a call."""
    if isinstance(params, dict):
        for name, value in params.items():
            if name in {"IndexName", "QueueUrl", "ConfigurationSetName", "ReturnValues", "SecretId"}:
                yield f"{name} {value}"
            elif name in {"Key", "Prefix"} and isinstance(value, str):
                yield f"{name} {value.partition('/')[0]}"
            elif name == "S" and isinstance(value, str) and "#" in value:
                yield value.partition("#")[0]
            else:
                yield name if isinstance(value, dict) else ""
                yield from _kinds(value)
    elif isinstance(params, list):
        for value in params:
            yield from _kinds(value)


# Expressions

_EXPRESSIONS = ("KeyConditionExpression", "ConditionExpression", "UpdateExpression")


def check_expressions(operation: str, params: Mapping[str, Any]) -> None:
    """Refuse a call whose expressions, names or values AWS refuses. moto's parsers read each text once."""
    for write in params.get("TransactItems", ()):
        check_expressions(operation, next(iter(write.values())))
    names, values = (params.get(f"ExpressionAttribute{kind}s") for kind in ("Name", "Value"))
    if mistake := _mistake(
        tuple((kind, params[kind]) for kind in _EXPRESSIONS if kind in params),
        None if names is None else tuple(names.items()),
        None if values is None else tuple((name, next(iter(value))) for name, value in values.items()),
        params.get("IndexName", ""),
    ):
        refuse(operation, "ValidationException", message=mistake)


type _Given = tuple[tuple[str, str], ...] | None
"""The names with their attributes, or the values with their types."""


@cache
def _mistake(expressions: tuple[tuple[str, str], ...], names: _Given, values: _Given, index: str) -> str:
    """Return DynamoDB's message about the first mistake in a request's expressions, names and values."""
    try:
        _check_given("Name", names, ExpressionTokenizer.is_expression_attribute_name, expressions)
        _check_given("Value", values, ExpressionTokenizer.is_expression_attribute_value, expressions)
        types = {name: {of_type: "x"} for name, of_type in values or ()}
        for kind, text in expressions:
            _parse(kind, text, dict(names or ()), types, index)
    except MockValidationException as error:
        return str(error.message)
    except ValueError as error:
        return f"Invalid ConditionExpression: {error}"
    return ""


def _check_given(
    kind: str, given: _Given, is_valid: Callable[[str], bool], expressions: tuple[tuple[str, str], ...]
) -> None:
    """Check that each placeholder is valid, defined and used."""
    defined, sign = dict(given or ()), "#" if kind == "Name" else ":"
    used = {found: of for of, text in expressions for found in re.findall(rf"{sign}\w+", text)}
    problem = ""
    if given == ():
        problem = f"ExpressionAttribute{kind}s must not be empty"
    elif given and not expressions:
        problem = f"ExpressionAttribute{kind}s can only be specified when using expressions"
    elif bad := [name for name in defined if not is_valid(name)]:
        problem = f'ExpressionAttribute{kind}s contains invalid key: Syntax error; key: "{bad[0]}"'
    elif missing := [name for name in used if name not in defined]:
        role = "name used in the document path" if kind == "Name" else "value used in expression"
        problem = f"Invalid {used[missing[0]]}: An expression attribute {role} is not defined: {missing[0]}"
    elif unused := [name for name in defined if name not in used]:
        problem = f"Value provided in ExpressionAttribute{kind}s unused in expressions: keys: {{{unused[0]}}}"
    if problem:
        raise MockValidationException(problem)


def _parse(kind: str, text: str, names: dict[str, str], values: dict[str, Any], index: str) -> None:
    """Parse an expression with moto's parser. Raises MockValidationException or ValueError."""
    match kind:
        case "ConditionExpression":
            create_condition_expression_parser(text, names, values).parse()
        case "KeyConditionExpression":
            parse_expression(text, values, names, _schemas()[index])
        case "UpdateExpression":
            parsed = UpdateExpressionParser.make(text)
            for validator in (
                ActionCountValidator(),
                OverlappingPathsValidator(names),
                UpdateHashRangeKeyValidator(["pk", "sk"], names),
            ):
                validator.traverse(parsed)


@cache
def _schemas() -> dict[str, Any]:
    """Return the key schemas of the table, under an empty name, and of its indexes."""
    table = table_definition()
    return {"": table["KeySchema"]} | {each["IndexName"]: each["KeySchema"] for each in table["GlobalSecondaryIndexes"]}


_TOKEN = re.compile(r"\s*(#\w+(?:\.#\w+)*|:\w+|<>|<=|>=|[=<>(),+]|\w+)")

type Test = Callable[[Item, Mapping[str, str], Mapping[str, Any]], Any]


def holds(expression: str, item: Item, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    """Return whether an item meets a condition."""
    return bool(_compiled(expression)(item, names, values))


def _meets(item: Item | None, request: Mapping[str, Any]) -> bool:
    expression = request.get("ConditionExpression")
    return expression is None or holds(
        expression,
        item or {},
        request.get("ExpressionAttributeNames", {}),
        request.get("ExpressionAttributeValues", {}),
    )


def _bounds(condition: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return positions before and after those of a key condition."""
    between = re.search(r"BETWEEN (:\w+) AND (:\w+)", condition)
    return (values[between[1]]["S"], values[between[2]]["S"]) if between else ("", _LAST)


@cache
def _partition_of(condition: str) -> str:
    found = re.search(r"= (:\w+)", condition)
    assert found, condition
    return found[1]


@cache
def _compiled(expression: str) -> Test:
    return _Parser(expression).whole()


def comparable(value: Mapping[str, Any] | None) -> Any:
    """Return a typed attribute as a value that compares as in DynamoDB."""
    if value is None:
        return None
    [(kind, content)] = value.items()
    if kind == "N":
        return kind, Decimal(content)
    return kind, frozenset(content) if kind in {"SS", "NS", "BS"} else repr(content) if kind in {"L", "M"} else content


class _Parser:
    """Parses conditions: comparisons, functions, AND, OR, NOT, IN, BETWEEN."""

    def __init__(self, expression: str) -> None:
        self._tokens = _TOKEN.findall(expression)
        self._at = 0
        assert "".join(self._tokens) == expression.replace(" ", ""), expression

    def whole(self) -> Test:
        made = self._either()
        assert self._at == len(self._tokens), self._tokens[self._at :]
        return made

    def _next(self) -> str:
        self._at += 1
        return str(self._tokens[self._at - 1])

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _expect(self, token: str) -> None:
        found = self._next()
        assert found == token, f"{found} for {token} in {self._tokens}"

    def _either(self) -> Test:
        left = self._both()
        while self._peek() == "OR":
            self._next()
            left = _or(left, self._both())
        return left

    def _both(self) -> Test:
        left = self._one()
        while self._peek() == "AND":
            self._next()
            left = _and(left, self._one())
        return left

    def _one(self) -> Test:
        if self._peek() == "NOT":
            self._next()
            inner = self._one()
            return lambda *given: not inner(*given)
        if self._peek() == "(":
            self._next()
            inner = self._either()
            self._expect(")")
            return inner
        if self._peek() in _TESTS:
            return self._function(_TESTS[self._next()])
        return self._comparison()

    def _function(self, test: Callable[..., Any]) -> Test:
        self._expect("(")
        operands = [self._operand()]
        while self._peek() == ",":
            self._next()
            operands.append(self._operand())
        self._expect(")")
        return lambda *given: test(*(operand(*given) for operand in operands))

    def _operand(self) -> Test:
        token = self._next()
        if token == "size":
            self._expect("(")
            inner = self._operand()
            self._expect(")")
            return lambda *given: _size(inner(*given))
        if token.startswith("#"):
            return lambda item, names, _values: _at(item, [names[part] for part in token.split(".")])
        assert token.startswith(":"), token
        return lambda _item, _names, values: values[token]

    def _comparison(self) -> Test:
        left = self._operand()
        match self._next():
            case "IN":
                self._expect("(")
                options = [self._operand()]
                while self._peek() == ",":
                    self._next()
                    options.append(self._operand())
                self._expect(")")
                return lambda *given: comparable(left(*given)) in [comparable(option(*given)) for option in options]
            case "BETWEEN":
                low = self._operand()
                self._expect("AND")
                high = self._operand()
                return lambda *given: (
                    _compare("<=", low(*given), left(*given)) and _compare("<=", left(*given), high(*given))
                )
            case how:
                right = self._operand()
                return lambda *given: _compare(how, left(*given), right(*given))


def _at(item: Item, path: list[str]) -> Any:
    """Return the value at a path of an item, which may lead into maps."""
    value = item.get(path[0])
    for name in path[1:]:
        value = (value or {}).get("M", {}).get(name)
    return value


def _and(left: Test, right: Test) -> Test:
    return lambda *given: left(*given) and right(*given)


def _or(left: Test, right: Test) -> Test:
    return lambda *given: left(*given) or right(*given)


def _size(value: Mapping[str, Any] | None) -> dict[str, str] | None:
    return None if value is None else {"N": str(len(next(iter(value.values()))))}


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compare(how: str, left: Mapping[str, Any] | None, right: Mapping[str, Any] | None) -> bool:
    mine, its = comparable(left), comparable(right)
    if how == "=":
        return bool(mine == its and mine is not None)
    if how == "<>":
        return bool(mine != its)
    return mine is not None and its is not None and mine[0] == its[0] and _ORDERS[how](mine[1], its[1])


def _contains(whole: Mapping[str, Any] | None, part: Mapping[str, Any]) -> bool:
    if whole is None:
        return False
    content, wanted = next(iter(whole.values())), next(iter(part.values()))
    return part in content if "L" in whole else wanted in content


def _begins_with(whole: Mapping[str, Any] | None, beginning: Mapping[str, Any]) -> bool:
    return whole is not None and str(whole.get("S", "")).startswith(beginning["S"])


_TESTS: dict[str, Callable[..., Any]] = {
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "contains": _contains,
    "begins_with": _begins_with,
}

_CLAUSE = re.compile(r"\b(SET|ADD|REMOVE|DELETE)\b")


@cache
def _clauses(expression: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    _, *parts = _CLAUSE.split(expression)
    return tuple(
        (verb, tuple(part.strip() for part in re.split(r",(?![^(]*\))", text)))
        for verb, text in zip(parts[::2], parts[1::2], strict=True)
    )


def changed(key: Item, old: Item | None, request: Mapping[str, Any]) -> Item:
    """Return an item after an update. Every operand is read from the old item."""
    names = request.get("ExpressionAttributeNames", {})
    values = request.get("ExpressionAttributeValues", {})
    before: Item = old if old is not None else {"pk": key["pk"], "sk": key["sk"]}
    new = dict(before)
    for verb, parts in _clauses(request["UpdateExpression"]):
        for part in parts:
            match verb:
                case "SET":
                    name, _, source = part.partition(" = ")
                    new[names.get(name, name)] = _assigned(source, before, names, values)
                case "REMOVE":
                    new.pop(names.get(part, part), None)
                case "ADD":
                    name, value = part.split(" ")
                    new[names.get(name, name)] = _sum(before.get(names.get(name, name)), values[value])
                case "DELETE":
                    name, value = part.split(" ")
                    if left := sorted({*before.get(names.get(name, name), {"SS": []})["SS"]} - {*values[value]["SS"]}):
                        new[names.get(name, name)] = {"SS": left}
                    else:
                        new.pop(names.get(name, name), None)
    return new


def _assigned(source: str, before: Item, names: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    left, plus, right = source.partition(" + ")
    if plus:
        return _sum(_assigned(left, before, names, values), _assigned(right, before, names, values))
    if found := re.fullmatch(r"if_not_exists\((#\w+), (.+)\)", source):
        there = before.get(names[found[1]])
        return there if there is not None else _assigned(found[2], before, names, values)
    return before[names[source]] if source.startswith("#") else values[source]


def _sum(before: Mapping[str, Any] | None, added: Mapping[str, Any]) -> dict[str, Any]:
    if before is not None and before.keys() != added.keys():
        refuse("UpdateItem", "ValidationException")
    if "N" in added:
        return {"N": str(Decimal((before or {"N": "0"})["N"]) + Decimal(added["N"]))}
    return {"SS": sorted({*(before or {"SS": []})["SS"], *added["SS"]})}
