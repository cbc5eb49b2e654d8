"""The SES stand-in: accepts emails as SES v2 does, stores them, and publishes the events that SES would publish.

It asks moto only which identities and configuration sets the template made. It is not moto's own SES, because SES's
checks, lost answers, the send rate and the events all depend on the moment of acceptance, and moto has no hook there.
"""

from __future__ import annotations

import base64
import json
import queue
import random
import re
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from undersigned_cli.local.mail_events import Fate, events_of, fate_of
from undersigned_cli.local.mail_store import Envelope
from undersigned_cli.local.serving import ConnectionLost, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from undersigned_cli.local.mail_store import MailStore, StoredMail

SEND = "/v2/email/outbound-emails"
ACCOUNT = "/v2/email/account"
IDENTITIES = "/v2/email/identities/"
SUPPRESSED = "/v2/email/suppression/addresses/"
CONTROL = "/_control"

_MAX_BYTES = 40 * 1024 * 1024
_MAX_RECIPIENTS = 50
_SUPPRESSED_AFTER = {Fate.BOUNCED: "BOUNCE", Fate.COMPLAINED: "COMPLAINT"}
"""Why SES puts an address on the account's suppression list."""

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class SesError(Exception):
    """A refusal, as SES answers it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Store the HTTP status, SES's error code, and the message."""
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(slots=True)
class Controls:
    """Settings that tests change by posting JSON with these names to `/_control`."""

    max_send_rate: float = 14.0
    """What GetAccount returns, in emails per second."""
    enforce_rate: bool = False
    """Whether to throttle a faster sender."""
    throttle_next: int = 0
    """How many of the next sends are throttled."""
    fail_next: int = 0
    """How many of the next sends fail with an internal error and are not accepted."""
    lose_next_answers: int = 0
    """How many of the next sends are accepted and get no answer."""
    throttle_share: float = 0.0
    """The share of all sends that are throttled, at random."""
    fail_share: float = 0.0
    """The share of all sends that fail, at random."""
    lose_answers_share: float = 0.0
    """The share of all sends that get no answer, at random."""
    seed: int = 0
    """The seed of the random numbers."""
    refuse_next: int = 0
    """How many of the next sends are refused for good."""
    account: dict[str, Any] = field(default_factory=dict)
    """What GetAccount says instead of what it would say, also within SendQuota."""
    identity: dict[str, Any] = field(default_factory=dict)
    """What GetEmailIdentity says instead of what it would say. The emails are sent all the same."""
    publish_events: bool = True
    """Whether to publish events."""
    fates: dict[str, Fate] = field(default_factory=dict)
    """What happens to emails by address. New fates are merged with the old ones; null removes one."""

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Set the controls that `wanted` names; raises SesError for an unknown control or fate."""
        for name, value in wanted.items():
            if name == "fates":
                self._set_fates(value)
            elif name in self.__slots__:
                setattr(self, name, type(getattr(self, name))(value))
            else:
                raise SesError(400, "BadRequestException", f"unknown control {name!r}")

    def _set_fates(self, fates: Mapping[str, str | None]) -> None:
        for address, fate in fates.items():
            if fate is None:
                self.fates.pop(address.lower(), None)
            elif fate in set(Fate):
                self.fates[address.lower()] = Fate(fate)
            else:
                raise SesError(400, "BadRequestException", f"unknown fate {fate!r}; known: {', '.join(Fate)}")

    def as_json(self) -> dict[str, Any]:
        """Return all controls."""
        return {name: getattr(self, name) for name in self.__slots__}


class MailService:
    """Answers SES v2 requests, and publishes events from its own thread."""

    def __init__(
        self,
        store: MailStore,
        client: Callable[[str], Any],
        others: Callable[[Request], Response],
        topics: Callable[[str], Iterable[str]],
        log: Path,
    ) -> None:
        """Prepare the service.

        `client` makes AWS clients of the account, and `others` answers the requests that are not answered here.
        `topics` returns the topics to which the template sends a configuration set's events. `log` gets events that are
        refused.
        """
        self.controls = Controls()
        self._store = store
        self._client = client
        self._others = others
        self._topics = topics
        self._log = log
        self._lock = threading.Lock()
        self._allowance = _Allowance()
        self._random = random.Random(0)  # noqa: S311  (repeatable failures)
        self._met: Counter[str] = Counter()
        self._known: dict[str, Any] = {}
        self._suppressed: dict[str, str] = {}
        self._accepted: queue.SimpleQueue[StoredMail | None] = queue.SimpleQueue()
        self._publisher = threading.Thread(target=self._publish_all, name="SES events", daemon=True)

    def start(self) -> None:
        """Start publishing events."""
        self._publisher.start()

    def stop(self) -> None:
        """Publish the remaining events, then stop."""
        if self._publisher.is_alive():
            self._accepted.put(None)
            self._publisher.join(timeout=10)

    def answer(self, request: Request) -> Response:
        """Answer a request to SES v2 or to the controls."""
        try:
            if (request.method, request.path) == ("POST", SEND):
                return self._send(json.loads(request.body))
            known = self._known_answer(request)
            return self._others(request) if known is None else _json(known)
        except SesError as error:
            return _json({"message": str(error)}, error.status, (("x-amzn-ErrorType", error.code),))

    def _known_answer(self, request: Request) -> dict[str, Any] | None:
        """Return what this service itself says, or None for a request that moto answers."""
        match request.method, request.path:
            case "GET", path if path == ACCOUNT:
                return self._account()
            case "GET", path if path.startswith(IDENTITIES) and self.controls.identity:
                answer = self._others(request)
                return {**json.loads(answer.body), **self.controls.identity}
            case "GET" | "DELETE", path if path.startswith(SUPPRESSED):
                return self._on_the_list(unquote(path.removeprefix(SUPPRESSED)), delete=request.method == "DELETE")
            case "POST", path if path == CONTROL:
                return self._change(json.loads(request.body))
            case "GET", path if path == CONTROL:
                return self._controlled()
            case _:
                return None

    def _change(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.controls.change(wanted)
            if "seed" in wanted:
                self._random.seed(self.controls.seed)
        return self._controlled()

    def _controlled(self) -> dict[str, Any]:
        """Return the controls, and how many sends each kind of failure has met."""
        return {**self.controls.as_json(), "met": dict(self._met)}

    def _on_the_list(self, address: str, *, delete: bool) -> dict[str, Any]:
        """Return or delete an entry of the account's suppression list. Raises SesError if there is none."""
        reason = self._suppressed.get(address.lower())
        if reason is None:
            raise SesError(
                404, "NotFoundException", f"Email address {address} does not exist on your suppression list."
            )
        if delete:
            del self._suppressed[address.lower()]
            return {}
        return {"SuppressedDestination": {"EmailAddress": address, "Reason": reason, "LastUpdateTime": 0}}

    def _account(self) -> dict[str, Any]:
        usual = self._usual_account()
        quota = usual["SendQuota"] | self.controls.account.get("SendQuota", {})
        return usual | self.controls.account | {"SendQuota": quota}

    def _usual_account(self) -> dict[str, Any]:
        return {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "HEALTHY",
            "ProductionAccessEnabled": True,
            "SendQuota": {
                "Max24HourSend": 50000.0,
                "MaxSendRate": self.controls.max_send_rate,
                "SentLast24Hours": float(len(self._store)),
            },
            "SendingEnabled": True,
            "SuppressionAttributes": {"SuppressedReasons": []},
        }

    def _send(self, wanted: Mapping[str, Any]) -> Response:
        with self._lock:
            self._throttle()
            lost = self._meets("lost answer", "lose_next_answers", self.controls.lose_answers_share)
        raw, envelope = self._checked(wanted)
        mail = self._store.append(envelope, raw)
        if self.controls.publish_events:
            self._accepted.put(mail)
        if lost:
            raise ConnectionLost
        return _json({"MessageId": mail.message_id})

    def _throttle(self) -> None:
        if self._meets("throttle", "throttle_next", self.controls.throttle_share):
            raise SesError(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
        if self.controls.refuse_next > 0:
            self.controls.refuse_next -= 1
            raise SesError(400, "BadRequestException", "Refused by a test")
        if self._meets("failure", "fail_next", self.controls.fail_share):
            raise SesError(500, "InternalServiceErrorException", "Internal error")
        if self.controls.enforce_rate and not self._allowance.take(self.controls.max_send_rate):
            raise SesError(429, "TooManyRequestsException", "Maximum sending rate exceeded.")

    def _meets(self, failure: str, counter: str, share: float) -> bool:
        """Return whether this send meets a failure: it is one of the next `counter` sends, or by chance."""
        left: int = getattr(self.controls, counter)
        if left > 0:
            setattr(self.controls, counter, left - 1)
        met = left > 0 or self._random.random() < share
        self._met[failure] += met
        return met

    def _checked(self, wanted: Mapping[str, Any]) -> tuple[bytes, Envelope]:
        """Check an email as SES does, and return its content and envelope; raises SesError."""
        encoded = wanted.get("Content", {}).get("Raw", {}).get("Data")
        if not encoded:
            raise SesError(400, "BadRequestException", "The local SES takes raw messages only (Content.Raw.Data).")
        raw = base64.b64decode(encoded)
        if len(raw) > _MAX_BYTES:
            raise SesError(400, "MessageRejected", f"Message length is more than {_MAX_BYTES} bytes long: {len(raw)}.")
        message = message_from_bytes(raw, policy=default)
        sender = parseaddr(wanted.get("FromEmailAddress") or str(message["From"] or ""))[1]
        for address in {sender, parseaddr(str(message["From"] or ""))[1]}:
            self._check_identity(address)
        recipients = tuple(
            parseaddr(address)[1]
            for kind in ("ToAddresses", "CcAddresses", "BccAddresses")
            for address in wanted.get("Destination", {}).get(kind, ())
        )
        if not 1 <= len(recipients) <= _MAX_RECIPIENTS or not all("@" in address for address in recipients):
            raise SesError(400, "BadRequestException", "Missing final '@domain', or not 1 to 50 recipients.")
        tags = {tag["Name"]: tag["Value"] for tag in wanted.get("EmailTags", ())}
        for word in (*tags, *tags.values()):
            if not _TAG.fullmatch(word):
                raise SesError(400, "BadRequestException", f"Invalid tag <{word}>: A-Z a-z 0-9 _ - only, up to 256.")
        configuration_set = wanted.get("ConfigurationSetName")
        if configuration_set:
            self._check_configuration_set(configuration_set)
        now = datetime.now(UTC)
        return raw, Envelope(_message_id(now), sender, recipients, configuration_set, tags, now)

    def _check_identity(self, address: str) -> None:
        domain = address.rpartition("@")[2].lower()
        labels = domain.split(".")
        candidates = [address, *(".".join(labels[start:]) for start in range(len(labels) - 1))]
        if all(self._found("email_identity", EmailIdentity=candidate) is None for candidate in candidates):
            message = (
                "Email address is not verified. The following identities failed the check in region "
                f"US-EAST-1: {address}"
            )
            raise SesError(400, "MessageRejected", message)

    def _check_configuration_set(self, name: str) -> None:
        if self._found("configuration_set", ConfigurationSetName=name) is None:
            raise SesError(404, "NotFoundException", f"Configuration set <{name}> does not exist.")

    def _found(self, thing: str, **name: str) -> dict[str, Any] | None:
        """Return an identity or a configuration set that the template made, as moto says, or None."""
        known = f"{thing}:{name}"
        if known not in self._known:
            try:
                self._known[known] = getattr(self._client("sesv2"), f"get_{thing}")(**name)
            except ClientError:
                return None
        found: dict[str, Any] = self._known[known]
        return found

    def _publish_all(self) -> None:
        while mail := self._accepted.get():
            for event in events_of(mail, self._fates_of(mail), datetime.now(UTC)):
                self._publish(event, mail.envelope.configuration_set)

    def _fates_of(self, mail: StoredMail) -> Mapping[str, Fate]:
        """Return the fates of an email, and keep the account's suppression list.

        SES accepts an email to an address on the list and drops it, unless its configuration set says otherwise.
        Source: "Using configuration set-level suppression to override your account-level suppression list", SES
        developer guide.
        """
        fates = dict(self.controls.fates)
        reasons = self._suppressed_reasons(mail.envelope.configuration_set)
        for address in (address.lower() for address in mail.to):
            if self._suppressed.get(address) in reasons:
                fates[address] = Fate.SUPPRESSED
            elif reason := _SUPPRESSED_AFTER.get(fate_of(address, fates)):
                self._suppressed[address] = reason
        return fates

    def _suppressed_reasons(self, configuration_set: str | None) -> list[str]:
        found = self._found("configuration_set", ConfigurationSetName=configuration_set) if configuration_set else None
        options = (found or {}).get("SuppressionOptions", {})
        reasons: list[str] = options.get("SuppressedReasons", [*_SUPPRESSED_AFTER.values()])
        return reasons

    def _publish(self, event: Mapping[str, Any], configuration_set: str | None) -> None:
        """Put an event on the default bus, where the template's rule matches it, and on the set's topics."""
        detail = json.dumps(event["Detail"])
        try:
            answer = self._client("events").put_events(Entries=[{**event, "Detail": detail}])
            failure = answer["FailedEntryCount"] and answer["Entries"]
            for topic in self._topics(configuration_set) if configuration_set else ():
                self._client("sns").publish(TopicArn=topic, Message=detail)
        except (BotoCoreError, ClientError) as error:
            failure = error
        if failure:
            with self._log.open("a", encoding="utf-8") as lines:
                lines.write(f"{event['DetailType']} was not published: {failure}\n")


class _Allowance:
    """A token bucket that fills at the send rate and holds one second of sends."""

    def __init__(self) -> None:
        self._left: float | None = None
        self._at = time.monotonic()

    def take(self, rate: float) -> bool:
        """Take a token; return False when there is none."""
        now = time.monotonic()
        left = rate if self._left is None else min(rate, self._left + (now - self._at) * rate)
        self._at = now
        self._left = left - 1 if left >= 1 else left
        return left >= 1


def _message_id(now: datetime) -> str:
    return f"{int(now.timestamp() * 1000):016x}-{uuid.uuid4()}-000000"


def _json(answer: Mapping[str, Any], status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(status, (("Content-Type", "application/json"), *headers), json.dumps(answer).encode())
