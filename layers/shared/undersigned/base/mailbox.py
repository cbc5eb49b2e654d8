"""SES: send emails at the account's rate."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

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

from undersigned.base.errors import MailRefusedError, SendingStoppedError, SendingThrottledError, UncertainError
from undersigned.base.failures import code_of, is_throttle, said_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sesv2.type_defs import SendQuotaTypeDef

    from undersigned.base.emails import Mail

NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)
"""No retries: botocore would send an email again if only the answer was lost. We decide whether to try again."""

SHORT_WAITS = NO_RETRIES.merge(Config(connect_timeout=2, read_timeout=10))
"""For confirmation emails, which are small. If SES hangs, the emails behind one don't wait long."""

_REFUSAL = "BadRequestException"
"""SES refuses this email. Any other refusal (4xx) is about the account, the identity or our permissions."""

_NOT_AN_ADDRESS = 3
"""So many different addresses that SES refuses in a row are not the cause; the account or our request is."""

_FIRST_OF_SERVER_ERRORS = 500

_NOT_CONNECTED = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
"""No connection was made, so SES has nothing."""

_NO_ANSWER = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError)
"""The answer is lost or can't be read."""


_ONE_THROTTLE = 1.0
"""Seconds in which several threads can be throttled for the same reason. SES counts its rate by the second."""

_RECOVERY = 30.0
"""Seconds in which sending raises the rate from nothing to the account's."""

_LONGEST_INTERVAL = 5.0
"""Seconds between two emails at most, so that a process notices when others have stopped sending."""

_LONGEST_UNASKED = 64.0
"""Seconds at an assumed rate, at most, until the account's is asked for again."""

USUAL_RATE = 14.0
"""Emails a second that SES grants to most accounts that may send to everybody. When hundreds of processes start at
once, SES tells few of them the account's rate."""

PATIENCE = 60.0
"""The default seconds in which a throttled call is tried again."""

_QUOTA_KNOWN_FOR = 60.0
"""Seconds for which an answer of GetAccount counts, and a missing answer, too. SES takes one such call a second."""


class RateNotToldError(SendingThrottledError):
    """All processes together ask SES for its rate too often. It may take emails all the same."""


class Spacing:
    """Spaces calls by the interval of a rate, for all threads of a process together.

    Other processes send, too, so this process has to find its share of the account's rate: each throttle halves the
    rate, and sending raises it again by a thirtieth of the account's rate each second ("Analysis of the increase and
    decrease algorithms for congestion avoidance in computer networks", Chiu and Jain, 1989).
    """

    def __init__(
        self,
        rate: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        assumed_rate: float | None = None,
    ) -> None:
        """Keep a function that returns the rate (calls a second; called once), a clock (seconds) and a way to wait.

        While the function raises RateNotToldError, calls go on at the assumed rate, if there is one, and it is asked
        again after 1, 2, 4, at most 64 seconds' calls.
        """
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._assumed_rate = assumed_rate
        self._unasked_calls = 0.0
        self._pause = 0.5
        self._lock = threading.RLock()
        self._shortest: float | None = None
        self._interval = 0.0
        self._next = 0.0
        self._slowed_at: float | None = None

    def interval(self) -> float:
        """Return the seconds between two calls."""
        with self._lock:
            if self._shortest is None:
                self._shortest = 1 / self._rate()
                self._interval = max(self._interval, self._shortest)
            return self._interval

    def get_ready(self) -> None:
        """Ask for the rate, unless it is known, or assumed for the next call."""
        with self._lock:
            if self._unasked_calls >= 1:
                return
            try:
                self.interval()
            except RateNotToldError:
                if not self._assumed_rate:
                    raise
                self._pause = min(2 * self._pause, _LONGEST_UNASKED)
                self._unasked_calls = self._pause * self._assumed_rate
                self._interval = self._interval or 1 / self._assumed_rate

    def wait(self) -> None:
        """Wait until the next call may be made."""
        with self._lock:
            self.get_ready()
            self._unasked_calls = max(0.0, self._unasked_calls - 1)
            interval, now = self._interval, self._clock()
            start = max(now, self._next)
            self._next = start + interval
        if now < start:
            self._sleep(start - now)

    def slow_down(self) -> None:
        """Halve the rate after a throttle. Calls that are throttled within a second of it count as one."""
        with self._lock:
            now = self._clock()
            if self._slowed_at is None or now - self._slowed_at >= _ONE_THROTTLE:
                interval = self._interval or self.interval()
                self._interval = max(interval, min(2 * interval, _LONGEST_INTERVAL))
                self._slowed_at = now

    def speed_up(self) -> None:
        """Raise the rate after a call, up to the account's."""
        with self._lock:
            interval = self._interval
            shortest = self._shortest or 1 / (self._assumed_rate or 1 / interval)
            self._interval = max(shortest, 1 / (1 / interval + interval / (_RECOVERY * shortest)))


def pauses(patience: float) -> Iterator[float]:
    """Yield the seconds before each further try of a throttled call, until they add up to the patience."""
    waited, pause = 0.0, 1.0
    while waited + pause <= patience:
        yield pause
        waited, pause = waited + pause, pause * 2


class Mailbox:
    """Sends emails through SES, with one configuration set."""

    def __init__(  # noqa: PLR0913  (how it waits)
        self,
        client: SESV2Client,
        configuration_set: str,
        *,
        patience: float = PATIENCE,
        assumed_rate: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep a client without retries, the configuration set, and the seconds for retrying throttled calls.

        With an assumed rate (emails a second), emails don't wait until SES says the account's.
        """
        self._client = client
        self._configuration_set = configuration_set
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._spacing = Spacing(self._send_rate, sleep=sleep, assumed_rate=assumed_rate)
        self._quota: SendQuotaTypeDef | None = None
        self._quota_asked_at: float | None = None
        self._sent = itertools.count(1)
        self._sent_since_told = 0
        self._refused: set[str] = set()

    def get_ready(self) -> None:
        """Ask SES for the facts that `send` needs.

        Raises SendingThrottledError or SendingStoppedError if no email can be sent now.
        """
        self._patiently(self._spacing.get_ready)

    def send(self, mail: Mail) -> str:
        """Hand an email over and return its message id.

        Raises SendingThrottledError, MailRefusedError or SendingStoppedError if it was certainly not sent. After
        UncertainError, and after any other error, it may have been sent.
        """
        return self._patiently(lambda: self._send(mail))

    def _patiently[T](self, act: Callable[[], T]) -> T:
        """Retry throttled calls until the patience ends."""
        for pause in pauses(self._patience):
            with suppress(SendingThrottledError):
                return act()
            self._sleep(pause)
        return act()

    def _send(self, mail: Mail) -> str:
        self._spacing.wait()
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
            if code_of(error) == _REFUSAL and len(self._refused) < _NOT_AN_ADDRESS:
                self._refused.add(mail.to)
                if len(self._refused) < _NOT_AN_ADDRESS:
                    raise MailRefusedError(code_of(error)) from error
            if is_throttle(error):
                self._spacing.slow_down()
            raise _failure(error) from error
        except (*_NOT_CONNECTED, *_NO_ANSWER) as error:
            raise _failure(error) from error
        self._spacing.speed_up()
        self._refused.clear()
        self._sent_since_told = next(self._sent)
        return answer["MessageId"]

    def has_quota(self, share: float) -> bool:
        """Say whether less than this share of the account's daily quota is used up."""
        # It is not known until the first email, nor while SES is asked too often. SES says whether it takes those.
        if self._quota_asked_at is not None and self._clock() - self._quota_asked_at >= _QUOTA_KNOWN_FOR:
            with suppress(SendingThrottledError, SendingStoppedError):
                self._ask_for_quota()
        most = self._quota.get("Max24HourSend", -1) if self._quota else -1
        if self._quota is None or most < 0:
            return True
        return self._quota.get("SentLast24Hours", 0) + self._sent_since_told < share * most

    def _send_rate(self) -> float:
        try:
            return self._ask_for_quota()["MaxSendRate"]
        except SendingThrottledError as error:
            if isinstance(error.__cause__, ClientError) and is_throttle(error.__cause__):
                raise RateNotToldError(str(error)) from error.__cause__
            raise

    def _ask_for_quota(self) -> SendQuotaTypeDef:
        self._quota_asked_at = self._clock()
        try:
            self._quota = self._client.get_account()["SendQuota"]
        except (ClientError, *_NOT_CONNECTED, *_NO_ANSWER) as error:
            failure = _failure(error)
            if isinstance(failure, UncertainError):
                # Only the rate was asked for, so no email was sent.
                failure = SendingThrottledError(str(failure))
            raise failure from error
        else:
            self._sent, self._sent_since_told = itertools.count(1), 0
            return self._quota


def _failure(error: Exception) -> SendingThrottledError | SendingStoppedError | UncertainError:
    """Return the meaning of a failed call. Keep only SES's code or the error's type: a message can quote addresses."""
    if isinstance(error, ClientError):
        if is_throttle(error):
            return SendingThrottledError(said_by(error))
        if error.response["ResponseMetadata"]["HTTPStatusCode"] < _FIRST_OF_SERVER_ERRORS:
            return SendingStoppedError(code_of(error))
        return UncertainError(f"SES answered {code_of(error) or 'an internal error'}")
    if isinstance(error, _NOT_CONNECTED):
        return SendingThrottledError(f"SES can't be reached: {type(error).__name__}")
    return UncertainError(f"SES's answer is lost: {type(error).__name__}")
