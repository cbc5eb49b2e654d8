"""The SES stand-in: accepts emails as SES v2 does, stores them, and publishes the events that SES would publish.

It asks moto only which identities and configuration sets the template made. It is not moto's own SES, because SES's
checks, lost answers and the events all depend on the moment of acceptance, and moto has no hook there.
"""

from __future__ import annotations

import base64
import json
import queue
import random
import re
import threading
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from undersigned_cli.local.mail_events import Fate, events_of, fate_of
from undersigned_cli.local.mail_store import StoredMail
from undersigned_cli.local.serving import ConnectionLost, as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from werkzeug.wrappers import Request, Response

    from undersigned_cli.local.mail_store import MailStore
    from undersigned_cli.local.serving import Answer

SEND = "/v2/email/outbound-emails"
ACCOUNT = "/v2/email/account"
IDENTITIES = "/v2/email/identities/"
SUPPRESSED = "/v2/email/suppression/addresses/"
CONTROL = "/_control"

_MAX_BYTES = 40 * 1024 * 1024
_MAX_RECIPIENTS = 50
_SUPPRESSED_AFTER = {Fate.BOUNCED: "BOUNCE", Fate.COMPLAINED: "COMPLAINT"}
"""The fates after which SES puts an address on the account's suppression list, with its reason."""

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")

LOST_ANSWER = "lost answer"
"""The failure of a send that is accepted and gets no answer."""


class SesError(Exception):
    """A refusal, as SES answers it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Store the HTTP status, SES's error code, and the message."""
        super().__init__(message)
        self.status = status
        self.code = code


_REFUSALS = {
    "throttle": (429, "TooManyRequestsException", "Maximum sending rate exceeded."),
    "failure": (500, "InternalServiceErrorException", "Internal error"),
    "refusal": (400, "BadRequestException", "Refused by a test"),
}
"""The failures of a send that is not accepted."""


@dataclass(slots=True)
class Controls:
    """Settings that tests change by posting JSON with these names to `/_control`."""

    max_send_rate: float = 14.0
    """The rate that GetAccount returns, in emails per second."""
    next: list[str] = field(default_factory=list)
    """The failures of the next sends, one each: `throttle`, `failure`, `refusal` or `lost answer`."""
    shares: dict[str, float] = field(default_factory=dict)
    """The share of all other sends, chosen at random, that each failure meets."""
    seed: int = 0
    """The seed of the random numbers."""
    account: dict[str, Any] = field(default_factory=dict)
    """Values that replace GetAccount's own, also within SendQuota."""
    identity: dict[str, Any] = field(default_factory=dict)
    """Values that replace GetEmailIdentity's own. Emails are sent all the same."""
    fates: dict[str, Fate] = field(default_factory=dict)
    """The fates of emails, by address."""

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Set the controls that `wanted` names; raises SesError for an unknown control, failure or fate."""
        for name, value in wanted.items():
            if name not in self.__slots__:
                raise SesError(400, "BadRequestException", f"unknown control {name!r}")
            if name in {"next", "shares"} and (unknown := {*value} - {*_REFUSALS, LOST_ANSWER}):
                raise SesError(400, "BadRequestException", f"unknown failure {unknown}")
            if name == "fates" and (unknown := {*value.values()} - {*Fate}):
                raise SesError(400, "BadRequestException", f"unknown fate {unknown}; known: {', '.join(Fate)}")
            setattr(self, name, value)
        self.fates = {address.lower(): Fate(fate) for address, fate in self.fates.items()}


class MailService:
    """Answers SES v2 requests, and publishes events from its own thread."""

    def __init__(
        self,
        store: MailStore,
        client: Callable[[str], Any],
        others: Answer,
        topics: Callable[[str], Iterable[str]],
        log: Callable[[str], None],
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
            known = self._known_answer(request)
        except SesError as error:
            return as_json({"message": str(error)}, error.status, error.code)
        return self._others(request) if known is None else as_json(known)

    def _known_answer(self, request: Request) -> dict[str, Any] | None:
        """Return this service's own answer, or None for a request that moto answers."""
        match request.method, request.path:
            case "POST", path if path == SEND:
                return self._send(json.loads(request.get_data()))
            case "GET", path if path == ACCOUNT:
                return self._account()
            case "GET", path if path.startswith(IDENTITIES) and self.controls.identity:
                return {**json.loads(self._others(request).get_data()), **self.controls.identity}
            case "GET" | "DELETE", path if path.startswith(SUPPRESSED):
                return self._on_the_list(path.removeprefix(SUPPRESSED), delete=request.method == "DELETE")
            case "GET" | "POST", path if path == CONTROL:
                return self._control(json.loads(request.get_data() or "{}"))
            case _:
                return None

    def _control(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Change controls. Return them, and how many sends each kind of failure has met."""
        with self._lock:
            self.controls.change(wanted)
            if "seed" in wanted:
                self._random.seed(self.controls.seed)
            return {**asdict(self.controls), "met": dict(self._met)}

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
        usual = {"EnforcementStatus": "HEALTHY", "ProductionAccessEnabled": True, "SendingEnabled": True}
        quota = {
            "Max24HourSend": 50000.0,
            "MaxSendRate": self.controls.max_send_rate,
            "SentLast24Hours": float(len(self._store)),
        }
        return usual | self.controls.account | {"SendQuota": quota | self.controls.account.get("SendQuota", {})}

    def _send(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            failure = self._failure()
            self._met[failure] += 1
        if failure in _REFUSALS:
            raise SesError(*_REFUSALS[failure])
        mail = self._store.append(self._checked(wanted))
        self._accepted.put(mail)
        if failure:
            raise ConnectionLost
        return {"MessageId": mail.message_id}

    def _failure(self) -> str:
        """Return the failure that a send meets: the next one, or one by chance. It is "" for most sends."""
        if self.controls.next:
            return self.controls.next.pop(0)
        shares = self.controls.shares
        [failure] = self._random.choices(["", *shares], [1 - sum(shares.values()), *shares.values()])
        return failure

    def _checked(self, wanted: Mapping[str, Any]) -> StoredMail:
        """Check an email as SES does, and return it; raises SesError."""
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
        name = wanted.get("ConfigurationSetName")
        if name and self._found("configuration_set", ConfigurationSetName=name) is None:
            raise SesError(404, "NotFoundException", f"Configuration set <{name}> does not exist.")
        now = datetime.now(UTC)
        message_id = f"{int(now.timestamp() * 1000):016x}-{uuid.uuid4()}-000000"
        return StoredMail(raw, message_id, sender, recipients, name, tags, now)

    def _check_identity(self, address: str) -> None:
        labels = address.rpartition("@")[2].lower().split(".")
        candidates = [*(".".join(labels[start:]) for start in range(len(labels) - 1)), address]
        if all(self._found("email_identity", EmailIdentity=candidate) is None for candidate in candidates):
            message = f"Email address is not verified. The following identities failed the check: {address}"
            raise SesError(400, "MessageRejected", message)

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
                self._publish(event, mail.configuration_set)

    def _fates_of(self, mail: StoredMail) -> Mapping[str, Fate]:
        """Return the fates of an email, and keep the account's suppression list.

        SES accepts an email to an address on the list and drops it, unless its configuration set says otherwise.
        Source: "Using configuration set-level suppression to override your account-level suppression list", SES
        developer guide.
        """
        name = mail.configuration_set
        options = (self._found("configuration_set", ConfigurationSetName=name) if name else None) or {}
        reasons = options.get("SuppressionOptions", {}).get("SuppressedReasons", [*_SUPPRESSED_AFTER.values()])
        fates = dict(self.controls.fates)
        for address in (address.lower() for address in mail.to):
            if self._suppressed.get(address) in reasons:
                fates[address] = Fate.SUPPRESSED
            elif reason := _SUPPRESSED_AFTER.get(fate_of(address, fates)):
                self._suppressed[address] = reason
        return fates

    def _publish(self, event: Mapping[str, Any], configuration_set: str | None) -> None:
        """Put an event on the default bus, where the template's rule matches it, and on the set's topics."""
        detail = json.dumps(event["detail"])
        entry = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": detail}
        try:
            answer = self._client("events").put_events(Entries=[entry])
            failure = answer["FailedEntryCount"] and answer["Entries"]
            for topic in self._topics(configuration_set) if configuration_set else ():
                self._client("sns").publish(TopicArn=topic, Message=detail)
        except (BotoCoreError, ClientError) as error:
            failure = error
        if failure:
            self._log(f"{entry['DetailType']} was not published: {failure}")
