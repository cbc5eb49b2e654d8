"""Posted values: reads the body of a request, as a form or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from undersigned.base.errors import LOAD_AGAIN, UNREADABLE_REQUEST, Reader, UndersignedError
from undersigned.base.languages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

LONGEST_BODY = 64 * 1024
"""The most bytes in a body. A form with every field at its limit has less than a tenth of that."""

_MOST_FIELDS = 50


UNREADABLE_ADDRESS = Message("We can’t read this address")


class RequestError(UndersignedError):
    """A request can't be read. It has the HTTP status and says what to do."""

    def __init__(self, status: int, title: Message, detail: Message) -> None:
        """Store the HTTP status, a title, and a detail that says what to do."""
        super().__init__(str(detail))
        self.status = status
        self.title = title
        self.detail = detail


class ProgramError(RequestError):
    """A request can't be read, and no form or link of ours makes it. The dashboard only asks to load its page again."""

    def __init__(self, detail: Message, title: Message = UNREADABLE_REQUEST, status: int = 400) -> None:
        """Store the advice for a program."""
        super().__init__(status, title, detail)

    def detail_for(self, reader: Reader) -> Message:
        """Spare an organizer the advice."""
        return LOAD_AGAIN if reader == "organizer" else self.detail


def media_type(event: APIGatewayProxyEventV2) -> str:
    """Return the media type of the body, without its parameters."""
    return (event.headers.get("content-type") or "").partition(";")[0].strip().lower()


def posted_values(event: APIGatewayProxyEventV2, most_bytes: int = LONGEST_BODY) -> Mapping[str, object]:
    """Return the values of a form post or of a JSON object; the last value of a repeated form field.

    Raises RequestError when the body is too long (413), has another media type (415) or is malformed (400).
    """
    if len(event.body or "") > most_bytes * (4 / 3 if event.is_base64_encoded else 1):
        raise RequestError(
            413,
            Message("The form is too long"),
            Message("Shorten your text. A form can have up to %(limit)s kilobytes.", {"limit": most_bytes // 1024}),
        )
    try:
        body = event.decoded_body or ""
        match media_type(event):
            case "application/x-www-form-urlencoded":
                return _form(body)
            case "application/json":
                return _json(body)
            case _:
                raise ProgramError(
                    Message("Send the fields as application/x-www-form-urlencoded or application/json."),
                    Message("We can’t read this type of content"),
                    415,
                )
    except (ValueError, RecursionError) as error:
        raise ProgramError(
            Message("Send the fields as one JSON object or as a form, encoded as UTF-8."),
            Message("We can’t read what you sent"),
        ) from error


def _form(body: str) -> dict[str, object]:
    fields = parse_qs(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    return {name: values[-1] for name, values in fields.items()}


def _json(body: str) -> dict[str, object]:
    values = json.loads(body)
    if not isinstance(values, dict):
        message = "the body is not a JSON object"
        raise ValueError(message)  # noqa: TRY004  (the caller's body is wrong, not a value of ours)
    return values
