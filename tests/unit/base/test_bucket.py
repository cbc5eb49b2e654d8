"""Test deleting files: a thousand in a call, and a file that S3 doesn't delete is an error."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from botocore.exceptions import ClientError

from undersigned.base.bucket import Bucket


class S3:
    """Notes what is deleted, and refuses some of it."""

    def __init__(self, *refused: str) -> None:
        self._refused = refused
        self.calls: list[list[str]] = []

    def delete_objects(self, **params: Any) -> dict[str, Any]:
        assert params["Bucket"] == "bucket"
        keys = [one["Key"] for one in params["Delete"]["Objects"]]
        self.calls.append(keys)
        refused = [{"Key": key, "Code": "InternalError", "Message": "again"} for key in keys if key in self._refused]
        return {"Errors": refused} if refused else {}


def bucket(s3: Any) -> Bucket:
    return Bucket(s3, "bucket")


def test_files_are_deleted_by_the_thousand() -> None:
    s3, names = S3(), [f"packets/{number}" for number in range(2001)]
    bucket(s3).delete(*names)
    assert [len(call) for call in s3.calls] == [1000, 1000, 1]
    assert [*chain(*s3.calls)] == names


def test_no_file_is_no_call() -> None:
    s3 = S3()
    bucket(s3).delete()
    assert s3.calls == []


def test_a_file_that_is_not_deleted_is_an_error_that_does_not_name_it() -> None:
    with pytest.raises(ClientError, match=r"InternalError.*1 of 2 files were not deleted") as caught:
        bucket(S3("packets/1")).delete("packets/0", "packets/1")
    assert "packets/" not in str(caught.value)
