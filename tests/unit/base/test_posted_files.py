"""Test the reading of the dashboard's large forms: texts, files, and what is too large or broken."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from undersigned.base.posted import RequestError
from undersigned.base.posted_files import LARGEST_UPLOAD, Upload, posted_form

if TYPE_CHECKING:
    from collections.abc import Mapping

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def event(body: bytes, media_type: str = MULTIPART) -> APIGatewayProxyEventV2:
    return APIGatewayProxyEventV2(
        {"headers": {"content-type": media_type}, "isBase64Encoded": True, "body": base64.b64encode(body).decode()}
    )


def multipart(values: Mapping[str, str | bytes]) -> bytes:
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (
            BOUNDARY.encode(),
            name.encode(),
            b'; filename="a.csv"\r\nContent-Type: text/csv' if isinstance(value, bytes) else b"",
            value if isinstance(value, bytes) else value.encode(),
        )
        for name, value in values.items()
    ]
    return b"".join(parts) + b"--%s--\r\n" % BOUNDARY.encode()


def test_texts_and_files_are_read_with_the_line_ends_of_our_files() -> None:
    file = b"\xff\xfei\x00d\x00\r\x00\n\x00"
    assert posted_form(event(multipart({"text": "Añ\r\nb", "none": b"", "file": file}))) == {
        "text": "Añ\nb",
        "none": Upload(b""),
        "file": Upload(file),
    }


def test_a_small_form_is_read_as_before() -> None:
    assert posted_form(event(b"token=a&why=b", "application/x-www-form-urlencoded")) == {"token": "a", "why": "b"}


def test_a_file_of_four_megabytes_is_read_and_a_larger_one_is_refused() -> None:
    largest = b"a" * LARGEST_UPLOAD
    assert posted_form(event(multipart({"file": largest}))) == {"file": Upload(largest)}
    for too_large in (largest + b"a", largest + b"a" * 400_000):
        with pytest.raises(RequestError) as refused:
            posted_form(event(multipart({"file": too_large})))
        assert refused.value.status == 413


@pytest.mark.asvs("5.2.2")
@pytest.mark.parametrize(
    "request_event",
    [
        event(b""),
        event(b"--"),
        event(multipart({"a": "b"}), "multipart/form-data"),
        event(multipart({"a": "b"})[:-20]),
        event(multipart({"a": "b"}).replace(b"form-data", b"attachment")),
        event(multipart({"a": "b"}).replace(b"b\r\n", b"\xff\r\n")),
        event(multipart({f"field-{number}": "" for number in range(700)})),
        APIGatewayProxyEventV2({"headers": {"content-type": MULTIPART}, "isBase64Encoded": True, "body": "a"}),
        APIGatewayProxyEventV2({"headers": {"content-type": MULTIPART}, "isBase64Encoded": False, "body": None}),
    ],
)
def test_a_broken_form_is_refused(request_event: APIGatewayProxyEventV2) -> None:
    with pytest.raises(RequestError) as refused:
        posted_form(request_event)
    assert refused.value.status == 400
