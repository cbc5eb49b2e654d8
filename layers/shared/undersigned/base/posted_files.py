"""The dashboard's large forms: multipart/form-data, with long texts, tables and an uploaded file (RFC 7578)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from multipart import MultipartError, MultipartParser, parse_options_header  # type: ignore[import-untyped]

from undersigned.base.languages import Message
from undersigned.base.posted import RequestError, media_type, posted_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

MULTIPART = "multipart/form-data"

LARGEST_UPLOAD = 4_000_000
"""The most bytes of a file. Lambda's limit is 6 MB for a request, with the file in Base64."""

TOO_LARGE = Message("A file can have up to %(limit)s MB.", {"limit": LARGEST_UPLOAD // 1_000_000})

_LARGEST_FORM = LARGEST_UPLOAD + 300_000
_MOST_PARTS = 600
"""A page of the table of recipients has 30 rows of at most 20 cells."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the browser sent it. `content` is empty if the person chose none."""

    content: bytes


def posted_form(event: APIGatewayProxyEventV2) -> Mapping[str, object]:
    """Return the values of a dashboard's form: texts, and an `Upload` for each file.

    Reads multipart/form-data with up to 4 MB, and any other body as `posted_values` does. Raises RequestError.
    """
    if media_type(event) != MULTIPART:
        sent = posted_values(event).items()
        return {encodable(name): encodable(value) if isinstance(value, str) else value for name, value in sent}
    body = _body(event)
    if len(body) > _LARGEST_FORM:
        raise _too_large()
    _, options = parse_options_header(event.headers["content-type"])
    try:
        parser = MultipartParser(
            BytesIO(body),
            options.get("boundary", ""),
            part_limit=_MOST_PARTS,
            spool_limit=_LARGEST_FORM,
            memory_limit=_LARGEST_FORM,
            disk_limit=0,
        )
        # A file's part has a file name, even if no file was chosen.
        values = {part.name: Upload(part.raw) if part.filename is not None else _text(part.raw) for part in parser}
    except (MultipartError, ValueError) as error:
        raise RequestError(
            400,
            Message("We can’t read what you sent"),
            Message("Go back to the page before, and send the form again."),
        ) from error
    if any(isinstance(value, Upload) and len(value.content) > LARGEST_UPLOAD for value in values.values()):
        raise _too_large()
    return values


def encodable(text: str) -> str:
    """Return a text that UTF-8 can encode. JSON can hold lone surrogates."""
    return text.encode(errors="replace").decode()


def _text(content: bytes) -> str:
    """Return a field's text, with the line ends of our files: browsers send those of RFC 7578, 4.2."""
    return content.decode().replace("\r\n", "\n").replace("\r", "\n")


def _body(event: APIGatewayProxyEventV2) -> bytes:
    body = event.body or ""
    if not event.is_base64_encoded:
        return body.encode()
    try:
        return base64.b64decode(body)
    except binascii.Error:
        return b""


def _too_large() -> RequestError:
    return RequestError(
        413,
        Message("The file is too large"),
        TOO_LARGE,
    )
