"""SES: send emails at the account's rate."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, override

from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 (botocore's: no connection was made)
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

from undersigned.aws.failures import code_of, is_throttle, slower
from undersigned.services.ports import (
    MailRefusedError,
    Post,
    SendingStoppedError,
    ThrottledError,
    UncertainError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sesv2 import SESV2Client

    from undersigned.rendering.mails import Mail

NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)
"""No retries: botocore would send an email again if only the answer was lost. We decide whether to try again."""

SHORT_WAITS = NO_RETRIES.merge(Config(connect_timeout=2, read_timeout=10))
"""For confirmation emails, which are small: nobody behind one waits long for an SES that hangs."""

_REFUSAL = "BadRequestException"
"""SES refuses this email. Any other refusal (4xx) is about the account, the identity or our permissions."""

_FIRST_OF_SERVER_ERRORS = 500

_NOT_CONNECTED = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
"""No connection was made, so SES has nothing."""

_NO_ANSWER = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError)
"""The answer is lost or can't be read."""


class Spacing:
    """Spaces calls by the interval of a rate."""

    def __init__(
        self,
        rate: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep a function that returns the rate (calls a second; called once), a clock (seconds) and a way to wait."""
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._interval: float | None = None
        self._next = 0.0

    def wait(self) -> None:
        """Wait until the next call may be made."""
        if self._interval is None:
            self._interval = 1 / self._rate()
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._interval


class Mailbox(Post):
    """Sends emails through SES, with one configuration set."""

    def __init__(
        self,
        client: SESV2Client,
        configuration_set: str,
        *,
        patience: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep a client without retries, the configuration set, and the seconds for retrying throttled calls."""
        self._client = client
        self._configuration_set = configuration_set
        self._patience = patience
        self._sleep = sleep
        self._spacing = Spacing(self._send_rate, sleep=sleep)

    @override
    def send(self, mail: Mail) -> str:
        # Throttled calls are retried until the patience ends.
        waited, pause = 0.0, 1.0
        while True:
            try:
                self._spacing.wait()
                return self._send(mail)
            except ThrottledError:
                if waited + pause > self._patience:
                    raise
            self._sleep(pause)
            waited, pause = waited + pause, pause * 2

    def _send(self, mail: Mail) -> str:
        try:
            written = mail.as_bytes()
        except ValueError as error:
            message = "the email can't be written as MIME"
            raise MailRefusedError(message) from error
        try:
            answer = self._client.send_email(
                FromEmailAddress=mail.sender_address,
                Destination={"ToAddresses": [mail.to]},
                Content={"Raw": {"Data": written}},
                ConfigurationSetName=self._configuration_set,
                EmailTags=[{"Name": name, "Value": value} for name, value in mail.tags.items()],
            )
        except ClientError as error:
            if code_of(error) == _REFUSAL:
                raise MailRefusedError(code_of(error)) from error
            raise _failure(error) from error
        except (*_NOT_CONNECTED, *_NO_ANSWER) as error:
            raise _failure(error) from error
        return answer["MessageId"]

    def _send_rate(self) -> float:
        try:
            return self._client.get_account()["SendQuota"]["MaxSendRate"]
        except (ClientError, *_NOT_CONNECTED, *_NO_ANSWER) as error:
            failure = _failure(error)
            if isinstance(failure, UncertainError):
                # Only the rate was asked for, so no email was sent.
                failure = ThrottledError(str(failure))
            raise failure from error


def _failure(error: Exception) -> ThrottledError | SendingStoppedError | UncertainError:
    """Return what a failed call means. Keep only SES's code or the error's type: a message can quote addresses."""
    if isinstance(error, ClientError):
        if is_throttle(error):
            return slower(error)
        if error.response["ResponseMetadata"]["HTTPStatusCode"] < _FIRST_OF_SERVER_ERRORS:
            return SendingStoppedError(code_of(error))
        return UncertainError(f"SES answered {code_of(error) or 'an internal error'}")
    if isinstance(error, _NOT_CONNECTED):
        return ThrottledError(f"SES can't be reached: {type(error).__name__}")
    return UncertainError(f"SES's answer is lost: {type(error).__name__}")
