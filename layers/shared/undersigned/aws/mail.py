"""SES: sends mails at the account's pace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, override

from botocore.config import Config
from botocore.exceptions import ClientError

from undersigned.aws.failures import code_of, is_throttle, slower
from undersigned.services.ports import MailRefusedError, Post, SendingStoppedError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sesv2 import SESV2Client

    from undersigned.rendering.mails import Mail

NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)
"""botocore would send a mail again when only the answer was lost; whether to try again is ours to say."""

_REFUSAL = "BadRequestException"
"""SES refuses this mail. Any other refusal (4xx) is about the account, the identity or our permissions."""

_FIRST_OF_SERVER_ERRORS = 500


class Pace:
    """Keeps calls apart by at least the interval that a rate allows."""

    def __init__(
        self,
        rate: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take how to learn the rate (calls a second; asked once), a clock in seconds and a way to wait."""
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
    """Mails through SES, from one configuration set."""

    def __init__(
        self,
        client: SESV2Client,
        configuration_set: str,
        *,
        patience: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take a client made with NO_RETRIES, the configuration set, and how many seconds to wait out throttles."""
        self._client = client
        self._configuration_set = configuration_set
        self._patience = patience
        self._sleep = sleep
        self._pace = Pace(self._send_rate, sleep=sleep)

    @override
    def send(self, mail: Mail) -> str:
        # Emails go at the account's pace; a throttle is waited out for a while.
        waited, pause = 0.0, 1.0
        while True:
            try:
                self._pace.wait()
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
            message = "the mail can't be written as MIME"
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
            if is_throttle(error):
                raise slower(error) from error
            # SES's message can name addresses, so only its code is kept.
            if code_of(error) == _REFUSAL:
                raise MailRefusedError(code_of(error)) from error
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < _FIRST_OF_SERVER_ERRORS:
                raise SendingStoppedError(code_of(error)) from error
            raise
        return answer["MessageId"]

    def _send_rate(self) -> float:
        try:
            return self._client.get_account()["SendQuota"]["MaxSendRate"]
        except ClientError as error:
            if is_throttle(error):
                raise slower(error) from error
            raise
