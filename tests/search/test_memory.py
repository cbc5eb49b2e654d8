"""AWS in memory answers like moto, call by call."""

from __future__ import annotations

import hashlib
import random
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from tests.support import world as worlds
from undersigned.base.rows import Key
from undersigned.base.table import NEW, Check, ConditionFailedError, Put, TransactionCanceledError, Update

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3.dynamodb.conditions import ConditionBase

    from tests.support.world import World
    from undersigned.base.table import Table, Write

    type Call = Callable[[Table], Any]

CALLS = 600


def random_key(rng: random.Random) -> Key:
    return Key(f"PK#{rng.randrange(3)}", f"SK#{rng.randrange(4)}")


def random_values(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"n": rng.randrange(5), "s": rng.choice("abc")}
    if rng.random() < 0.6:
        made |= {"due": f"DUE#{rng.randrange(2)}", "due_at": f"{rng.randrange(10**6):06d}"}
    if rng.random() < 0.4:
        made["set"] = {rng.choice("xyz"), rng.choice("xyz")}
    return made


def random_condition(rng: random.Random) -> ConditionBase:
    return rng.choice(
        [
            NEW,
            NEW | Attr("n").lte(rng.randrange(5)),
            Attr("s").eq(rng.choice("abc")),
            ~Attr("s").eq("a") & Attr("n").gt(1),
            Attr("s").is_in(["a", "b"]) & Attr("due").not_exists(),
            ~Attr("set").contains("x") & (Attr("set").not_exists() | Attr("set").size().lt(2)),
            Attr("set").eq({"x", "y"}),
            Attr("pk").exists(),
        ]
    )


def random_update(rng: random.Random) -> Update:
    return Update(
        random_key(rng),
        assign=rng.choice([{}, {"s": rng.choice("abc"), "n": None}, random_values(rng)]),
        add=rng.choice([{"count": rng.randrange(-2, 3)}, {"tags": {rng.choice("xyz")}}]),
        remove=rng.choice([(), ("due", "due_at"), ("set",)]),
        when=rng.choice([None, random_condition(rng)]),
    )


def random_write(rng: random.Random) -> Write:
    writes: list[Write] = [
        Put({**random_key(rng)._asdict(), **random_values(rng)}, random_condition(rng)),
        _without_overlap(random_update(rng)),
        Check(random_key(rng), random_condition(rng)),
    ]
    return rng.choice(writes)


def _without_overlap(change: Update) -> Update:
    """DynamoDB refuses an update that names an attribute twice."""
    kept = {name: value for name, value in change.assign.items() if name not in change.remove}
    return Update(change.key, assign=kept, add=change.add, remove=change.remove, when=change.when)


def random_call(rng: random.Random) -> Call:
    """Return a call that gives the same to each table."""
    key, values, condition = random_key(rng), random_values(rng), random_condition(rng)
    change = _without_overlap(random_update(rng))
    writes: dict[Key, Write] = {}
    for write in (random_write(rng) for _ in range(rng.randint(1, 4))):
        writes.setdefault(Key(write.values["pk"], write.values["sk"]) if isinstance(write, Put) else write.key, write)
    index, ahead, newest = f"DUE#{rng.randrange(2)}", rng.choice([None, 1, 2]), rng.random() < 0.5
    keys = [random_key(rng) for _ in range(3)]
    low, high = sorted(f"{rng.randrange(10**6):06d}" for _ in range(2))

    def by_key(found: Any) -> Any:
        return sorted(found, key=lambda values: (values["pk"], values["sk"]))

    calls: list[Call] = [
        lambda table: table.get(key),
        lambda table: table.put({**key._asdict(), **values}, condition),
        lambda table: table.put_new({**key._asdict(), **values}),
        lambda table: table.update(change, returns="ALL_NEW"),
        lambda table: table.transact(list(writes.values())),
        lambda table: table.delete(key),
        lambda table: by_key(table.batch_get(keys)),
        lambda table: list(table.query(key.pk, begins_with="SK#", newest_first=newest, read_ahead=ahead)),
        lambda table: list(table.query(key.pk, at_least="SK#1")),
        lambda table: list(table.query(key.pk, below="SK#2", newest_first=newest)),
        lambda table: by_key(table.query(index, index="tray", read_ahead=ahead)),
        lambda table: table.count(index, "tray"),
        lambda table: by_key(table.query(index, index="tray", between=(low, high), read_ahead=ahead)),
        lambda table: table.count(index, "tray", between=(low, high)),
    ]
    return rng.choice(calls)


def answer_of(call: Call, world: World) -> Any:
    """Return a call's answer, or its error."""
    try:
        return call(world.stack.table)
    except ConditionFailedError as error:
        return "condition failed", error.values
    except TransactionCanceledError as error:
        return "canceled", error.reasons


@pytest.mark.slow
def test_memory_answers_like_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[list[Any]] = []
    for fast in (False, True):
        rng = random.Random(1)  # noqa: S311
        with worlds.world(monkeypatch, fast=fast, empty=True) as world:
            answers.append([answer_of(random_call(rng), world) for _ in range(CALLS)])
    for number, (theirs, ours) in enumerate(zip(*answers, strict=True)):
        assert ours == theirs, f"call {number}"


def done(_answer: Any) -> None:
    """Say that a call worked, whose answer the product doesn't read."""


def random_other_call(world: World, rng: random.Random, step: int) -> Any:
    """Make a random call of what else the product uses, and return its answer, or its error."""
    s3, sqs, secrets = (worlds.client_of(service) for service in ("s3", "sqs", "secretsmanager"))
    bucket, queue = world.stack.settings.variables["PACKET_BUCKET"], world.queues["DeliveryQueue"]
    secret = world.stack.settings.variables["SECRET_ARN"]
    names = ["packets/1.pdf", "packets/2.pdf", "packets/3.pdf", "exports/a.csv"]
    at, two = {"Bucket": bucket, "Key": rng.choice(names)}, [{"Key": name} for name in rng.sample(names, 2)]
    prefix, stage = rng.choice(["", "packets/", "none/"]), rng.choice(["AWSCURRENT", "AWSPREVIOUS"])
    entries = [{"Id": f"{number}", "MessageBody": f"{step}-{number}"} for number in range(rng.randint(1, 4))]
    ends = rng.choice(["complete", "abort"])

    def upload() -> None:
        of = {**at, "UploadId": s3.create_multipart_upload(**at)["UploadId"]}
        tags = [
            {"PartNumber": number, "ETag": s3.upload_part(**of, PartNumber=number, Body=b"x" * 5_300_000)["ETag"]}
            for number in (1, 2)
        ]
        if ends == "abort":
            s3.abort_multipart_upload(**of)
        else:
            s3.complete_multipart_upload(**of, MultipartUpload={"Parts": tags})

    def received() -> list[str]:
        bodies: list[str] = []
        while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            bodies += [each["Body"] for each in found]
        return bodies

    calls: list[Callable[[], Any]] = [
        lambda: done(s3.put_object(**at, Body=f"{step}".encode())),
        lambda: bytes(s3.get_object(**at)["Body"].read()),
        lambda: done(s3.head_object(**at)),
        lambda: done(s3.delete_object(**at)),
        lambda: done(s3.delete_objects(Bucket=bucket, Delete={"Objects": two})),
        lambda: [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])],
        upload,
        lambda: done(sqs.send_message(QueueUrl=queue, MessageBody=f"{step}")),
        lambda: [each["Id"] for each in sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]],
        received,
        lambda: done(secrets.put_secret_value(SecretId=secret, SecretString=f"{step}")),
        lambda: secrets.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"],
    ]
    try:
        return rng.choice(calls)()
    except ClientError as error:
        return error.response["Error"]["Code"]


def random_draft_call(world: World, rng: random.Random) -> Any:
    """Make a random call to the bucket that keeps versions, and return its answer, or its error."""
    s3, bucket = worlds.client_of("s3"), world.stack.settings.variables["DRAFT_BUCKET"]
    at = {"Bucket": bucket, "Key": rng.choice(["a.json", "a-b.json"])}
    body, other = (rng.choice([b"1", b"2"]) for _ in range(2))
    tag = f'"{hashlib.md5(other, usedforsecurity=False).hexdigest()}"'
    when = rng.choice([{"IfMatch": tag}, {"IfNoneMatch": "*"}, {}])
    versions = s3.list_object_versions(Bucket=bucket, Prefix=at["Key"]).get("Versions", [])
    chosen = rng.randrange(5)
    one = {**at, "VersionId": versions[chosen]["VersionId"] if chosen < len(versions) else "0" * 32}

    def got(**of: Any) -> Any:
        found = s3.get_object(**of)
        return found["Body"].read(), found["ETag"], [it["VersionId"] for it in versions].index(found["VersionId"])

    calls: list[Callable[[], Any]] = [
        lambda: s3.put_object(**at, Body=body, **when)["ETag"],
        lambda: s3.put_object(**at, Body=body, **when)["ETag"],
        lambda: got(**at),
        lambda: got(**one),
        lambda: done(s3.delete_object(**one)),
        lambda: [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])],
    ]
    try:
        return len(versions), rng.choice(calls)()
    except ClientError as error:
        return error.response["Error"]["Code"]


@pytest.mark.slow
def test_memory_answers_like_moto_for_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[list[Any]] = []
    for fast in (False, True):
        rng = random.Random(3)  # noqa: S311
        with worlds.world(monkeypatch, fast=fast, empty=True) as world:
            answers.append([random_draft_call(world, rng) for _ in range(300)])
    assert {"PreconditionFailed", "NoSuchKey"} <= {*filter(is_text, answers[0])}
    for number, (theirs, ours) in enumerate(zip(*answers, strict=True)):
        assert ours == theirs, f"call {number}"


def is_text(answer: Any) -> bool:
    return isinstance(answer, str)


@pytest.mark.slow
def test_memory_answers_like_moto_for_files_queues_and_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[list[Any]] = []
    for fast in (False, True):
        rng = random.Random(3)  # noqa: S311
        with worlds.world(monkeypatch, fast=fast, empty=True) as world:
            answers.append([random_other_call(world, rng, step) for step in range(CALLS // 2)])
    for number, (theirs, ours) in enumerate(zip(*answers, strict=True)):
        assert ours == theirs, f"call {number}"


def random_change(rng: random.Random) -> Call:
    """Return a call that changes one of a few signatures."""
    key = Key(f"SIGNATURE#{rng.randrange(3)}", f"{rng.randrange(3)}")
    change = Update(key, assign=random_values(rng), when=Attr("pk").exists())
    values = {**key._asdict(), **random_values(rng)}
    return rng.choice(
        [
            lambda table: table.update(change),
            lambda table: table.put(values, NEW),
            lambda table: table.delete(key),
            lambda table: table.transact([Put(values, NEW)]),
        ]
    )


def without_order(image: Any) -> Any:
    """Return an item of a record; a set has no order."""
    return image and {name: sorted(value["SS"]) if "SS" in value else value for name, value in image.items()}


def test_memory_writes_the_stream_as_moto_does(monkeypatch: pytest.MonkeyPatch) -> None:
    records: list[list[Any]] = []
    for fast in (False, True):
        rng = random.Random(2)  # noqa: S311
        with worlds.world(monkeypatch, fast=fast, empty=True) as world:
            for _ in range(CALLS // 4):
                answer_of(random_change(rng), world)
            found = [record["dynamodb"] for record in world.new_records()]
            images = ("Keys", "OldImage", "NewImage")
            records.append([{name: without_order(each.get(name)) for name in images} for each in found])
    theirs, ours = records
    # moto writes a record of a change that changes nothing. DynamoDB doesn't.
    assert [each for each in theirs if each["OldImage"] != each["NewImage"]] == ours


@pytest.mark.parametrize("fast", [False, True])
def test_nothing_is_added_to_a_text(monkeypatch: pytest.MonkeyPatch, *, fast: bool) -> None:
    with worlds.world(monkeypatch, fast=fast, empty=True) as world:
        key = Key("PK#1", "SK#1")
        world.stack.table.put({**key._asdict(), "n": "three"})
        with pytest.raises(ClientError, match="ValidationException"):
            world.stack.table.update(Update(key, add={"n": 1}))


AT = {"TableName": "table", "Key": {"pk": {"S": "PK#1"}, "sk": {"S": "SK#1"}}}
ONE = {":n": {"N": "1"}}


@pytest.mark.parametrize(
    ("operation", "request_", "says"),
    [
        (
            "update_item",
            {"UpdateExpression": "SET #a-b = :n", "ExpressionAttributeNames": {"#a-b": "a-b"}},
            'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"',
        ),
        (
            "put_item",
            {"ConditionExpression": "a = :a-b", "ExpressionAttributeValues": {":a-b": {"N": "1"}}},
            'ExpressionAttributeValues contains invalid key: Syntax error; key: ":a-b"',
        ),
        ("update_item", {"UpdateExpression": "SET #a = :n"}, "is not defined: #a"),
        (
            "update_item",
            {"UpdateExpression": "SET #a = :m", "ExpressionAttributeNames": {"#a": "a"}},
            "is not defined: :m",
        ),
        (
            "delete_item",
            {
                "ConditionExpression": "attribute_exists(#a)",
                "ExpressionAttributeNames": {"#a": "a", "#b": "b"},
                "ExpressionAttributeValues": None,
            },
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}",
        ),
        (
            "delete_item",
            {"ConditionExpression": "attribute_exists(a)"},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:n}",
        ),
        (
            "update_item",
            {"UpdateExpression": "REMOVE a", "ExpressionAttributeValues": {}},
            "ExpressionAttributeValues must not be empty",
        ),
        ("put_item", {}, "ExpressionAttributeValues can only be specified when using expressions"),
        ("update_item", {"UpdateExpression": "SET a == :n"}, "Syntax error"),
        ("update_item", {"UpdateExpression": "SET a = :n SET b = :n"}, 'The "SET" section can only be used once'),
        ("update_item", {"UpdateExpression": "SET a = :n REMOVE a"}, "Two document paths overlap"),
        ("update_item", {"UpdateExpression": "SET sk = :n"}, "This attribute is part of the key"),
        ("put_item", {"ConditionExpression": "a = :n AND"}, "Invalid ConditionExpression"),
        ("put_item", {"ConditionExpression": "status = :n"}, "reserved keyword"),
        ("query", {"KeyConditionExpression": "due = :n"}, "Query condition missed key schema element"),
        ("query", {"KeyConditionExpression": "pk < :n"}, "Query key condition not supported"),
    ],
)
def test_memory_refuses_a_malformed_expression(
    monkeypatch: pytest.MonkeyPatch, operation: str, request_: dict[str, Any], says: str
) -> None:
    request = {"ExpressionAttributeValues": ONE, **request_}
    request = {name: value for name, value in request.items() if value is not None}
    with worlds.world(monkeypatch, fast=True, empty=True) as world:
        assert world.memory
        with pytest.raises(ClientError, match=re.escape(says)) as refused:
            getattr(worlds.client_of("dynamodb"), operation)(**AT, **request)
        assert refused.value.response["Error"]["Code"] == "ValidationException"
        kind = {"update_item": "Update", "put_item": "Put", "delete_item": "Delete"}.get(operation)
        if kind:
            with pytest.raises(ClientError, match=re.escape(says)):
                worlds.client_of("dynamodb").transact_write_items(TransactItems=[{kind: {**AT, **request}}])


@pytest.mark.parametrize("fast", [False, True])
def test_two_uploads_of_one_file_at_once_are_apart(monkeypatch: pytest.MonkeyPatch, *, fast: bool) -> None:
    with worlds.world(monkeypatch, fast=fast, empty=True) as world:
        s3, at = worlds.client_of("s3"), {"Bucket": world.stack.settings.variables["PACKET_BUCKET"], "Key": "a.csv"}
        uploads = [{**at, "UploadId": s3.create_multipart_upload(**at)["UploadId"]} for _ in range(2)]
        tags = [
            s3.upload_part(**of, PartNumber=1, Body=name)["ETag"]
            for of, name in zip(uploads, (b"1", b"2"), strict=True)
        ]
        for of, tag in zip(uploads, tags, strict=True):
            s3.complete_multipart_upload(**of, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
        assert s3.get_object(**at)["Body"].read() == b"2"


def test_an_index_gets_changes_late_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    with worlds.world(monkeypatch, fast=True, empty=True) as world:
        assert world.memory
        table, late = world.stack.table, [timedelta(minutes=5), timedelta()]
        world.memory.lag = lambda: late.pop(0)
        key = Key("PK", "SK")
        table.put({**key._asdict(), "due": "DUE", "due_at": "1"})
        table.update(Update(key, assign={"due_at": "2"}))
        assert table.count("DUE", "tray") == 0
        world.clock.advance(minutes=5)
        assert [values["due_at"] for values in table.query("DUE", index="tray")] == ["2"]
