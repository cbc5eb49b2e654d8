"""Checks of a stack's account, of SES and of the DNS. Each says what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from undersigned.signing.rules.mail_budgets import SHARE_OF_QUOTA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

type State = Literal["ok", "problem", "unknown"]

NEEDED_CONCURRENCY = 20
"""How many invocations the functions of a stack need at once."""

FEW_EMAILS = 200
"""The daily quota of the sandbox."""


class _MissingError(Exception):
    """The stack has no such resource: it is the local one, or a deploy was cut off."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check: its subject, its finding, and the way out unless it is ok."""

    check: str
    state: State
    found: str
    todo: str = ""


type Txt = Callable[[str], Sequence[str]]
"""Returns a name's TXT records, or none if there is no such name. Raises OSError if the DNS doesn't answer."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Doctor:
    """Checks what a stack needs and no alarm tells."""

    stack: str
    sender: str
    client: Callable[[str], Any]
    txt: Txt

    def findings(self) -> Iterator[Finding]:
        """Run all checks. If AWS doesn't answer a check, its result is unknown; the others go on."""
        checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
            ("identity", self._identity),
            ("DMARC", self._dmarc),
            ("SES account", self._account),
            ("Lambda concurrency", self._concurrency),
            ("deletion protection", self._protection),
            ("subscriptions", self._subscriptions),
            ("schedules", self._schedules),
        )
        for name, check in checks:
            try:
                yield from check()
            except (ClientError, BotoCoreError, OSError) as error:
                code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
                yield Finding(name, "unknown", f"no answer: {code}", "allow the profile to read it, or try again")
            except _MissingError as missing:
                yield Finding(name, "unknown", f"the stack has no {missing}", "deploy the stack again")

    @property
    def _domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def _resources(self, kind: str) -> dict[str, str]:
        """Return the physical ids of the stack's resources of a type, by logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack)
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == kind
        }

    def _resource(self, kind: str, name: str) -> str:
        """Return the physical id of a resource of the stack. Raises _MissingError."""
        if name not in (found := self._resources(kind)):
            raise _MissingError(name)
        return found[name]

    def _identity(self) -> Iterator[Finding]:
        ses = self.client("sesv2")
        known = (_known(partial(ses.get_email_identity, EmailIdentity=name)) for name in (self._domain, self.sender))
        found = next(filter(None, known), None)
        if found is None:
            todo = f'create {self._domain} in the SES console, or set ManageIdentity = "true" in samconfig.toml'
            yield Finding("identity", "problem", f"SES knows neither {self._domain} nor {self.sender}", todo)
            return
        wrong = not found.get("VerifiedForSendingStatus") and "not verified"
        todo = "add the DNS records that SES shows, or follow the link in AWS's email"
        yield _finding("identity", wrong, todo, "verified")
        dkim = found.get("DkimAttributes", {})
        status = dkim.get("Status", "NOT_STARTED")
        yield _finding("DKIM", status != "SUCCESS" and status, _dkim_records(self._domain, dkim), "signed")
        named = found.get("MailFromAttributes", {})
        domain, status = named.get("MailFromDomain"), named.get("MailFromDomainStatus", "none")
        todo = _mail_from_records(domain or f"bounce.{self._domain}", ses.meta.region_name)
        if not domain:
            todo = f"set bounce.{self._domain} as its custom MAIL FROM domain in the SES console, and {todo}"
        yield _finding("MAIL FROM", status != "SUCCESS" and status, todo, domain or "")

    def _dmarc(self) -> Iterator[Finding]:
        name = f"_dmarc.{self._domain}"
        records = [record for record in self.txt(name) if record.lower().startswith("v=dmarc1")]
        if not records:
            todo = f'add a TXT record at {name}: "v=DMARC1; p=none; rua=mailto:you@{self._domain}"'
            yield Finding("DMARC", "problem", "no record", todo)
        elif len(records) > 1:
            yield Finding("DMARC", "problem", f"{len(records)} records", f"keep one TXT record at {name}")
        else:
            yield Finding("DMARC", "ok", records[0])

    def _account(self) -> Iterator[Finding]:
        account = self.client("sesv2").get_account()
        quota = account["SendQuota"]
        is_limited = not account.get("ProductionAccessEnabled", True)
        todo = "ask for production access under Account dashboard; until then, verify each address"
        yield _finding("sandbox", is_limited and "SES sends to verified addresses only", todo, "out of the sandbox")
        status = account.get("EnforcementStatus", "HEALTHY")
        is_on = account.get("SendingEnabled", True) and status == "HEALTHY"
        wrong = not is_on and f"paused or under review: {status}"
        yield _finding("sending", wrong, "answer the case that AWS opened", "enabled")
        most, used = quota["Max24HourSend"], quota["SentLast24Hours"]
        found = f"{used:.0f} of {most:.0f} emails used in 24 hours"
        is_short = 0 <= most <= FEW_EMAILS or used >= SHARE_OF_QUOTA * most > 0
        todo = "ask for more under Account dashboard, Request a limit increase; until then, confirmation emails wait"
        yield _finding("daily quota", is_short and found, todo, found)

    def _concurrency(self) -> Iterator[Finding]:
        limit = self.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        wrong = limit < NEEDED_CONCURRENCY and f"{limit} at once; a stack needs {NEEDED_CONCURRENCY}"
        todo = (
            "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
            "--desired-value 1000"
        )
        yield _finding("Lambda concurrency", wrong, todo, f"{limit} at once")

    def _protection(self) -> Iterator[Finding]:
        table = self._resource("AWS::DynamoDB::Table", "Table")
        found = self.client("dynamodb").describe_table(TableName=table)["Table"]
        wrong = not found.get("DeletionProtectionEnabled") and "one call could delete the table"
        todo = f"aws dynamodb update-table --table-name {table} --deletion-protection-enabled"
        yield _finding("deletion protection", wrong, todo, "the table can't be deleted by mistake")

    def _subscriptions(self) -> Iterator[Finding]:
        for topic, protocol, name in (("Alarms", "email", "alarms' subscription"), ("FeedbackTopic", "sqs", "events")):
            arn = self._resource("AWS::SNS::Topic", topic)
            found = self.client("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
            own = [subscription for subscription in found if subscription["Protocol"] == protocol]
            confirmed = [one for one in own if one["SubscriptionArn"] not in {"PendingConfirmation", "Deleted"}]
            if confirmed:
                yield Finding(name, "ok", "confirmed")
            elif own:
                yield Finding(name, "problem", "not confirmed", "follow the link in AWS's email, and look into spam")
            else:
                yield Finding(name, "problem", "none", "deploy the stack again, with your OperatorEmail")

    def _schedules(self) -> Iterator[Finding]:
        ask, found = self.client("scheduler").get_schedule, self._resources("AWS::Scheduler::Schedule")
        off = [
            logical_id
            for logical_id, name in sorted(found.items())
            if (_known(partial(ask, Name=name)) or {}).get("State") != "ENABLED"
        ]
        wrong = (off or not found) and f"off or gone: {', '.join(off) or 'all'}"
        yield _finding("schedules", wrong, "deploy the stack again", f"{len(found)} are on")


def _finding(check: str, wrong: object, todo: str, right: str) -> Finding:
    """Return what is wrong, with the way out; if nothing is (an empty value), what is right."""
    return Finding(check, "problem", str(wrong), todo) if wrong else Finding(check, "ok", right)


def _known(ask: Callable[[], Any]) -> Any:  # noqa: ANN401  (AWS's answer)
    """Return AWS's answer, or None if it knows no such thing."""
    try:
        return ask()
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NotFoundException", "ResourceNotFoundException"}:
            raise
        return None


def _dkim_records(domain: str, dkim: Mapping[str, Any]) -> str:
    """Return the CNAME records by which SES signs, in one sentence. An identity of one address has none."""
    zone = dkim.get("SigningHostedZone", "dkim.amazonses.com")
    records = [f"\n{token}._domainkey.{domain} CNAME {token}.{zone}" for token in dkim.get("Tokens", ())]
    return f"add these records to your DNS:{''.join(records)}" if records else "look at Identities in the SES console"


def _mail_from_records(domain: str, region: str) -> str:
    """Return the records by which an email's envelope names the sender's own domain (DMARC's alignment of SPF)."""
    bounces = f"\n{domain} MX 10 feedback-smtp.{region}.amazonses.com"
    return f'add these records to your DNS:{bounces}\n{domain} TXT "v=spf1 include:amazonses.com ~all"'


def txt_records(name: str) -> Sequence[str]:
    """Return a name's TXT records from the DNS. Raises OSError if it doesn't answer."""
    from dns import exception, resolver

    try:
        answer = resolver.resolve(f"{name}.", "TXT", lifetime=5, raise_on_no_answer=False, search=False)
    except resolver.NXDOMAIN:
        return ()
    except exception.DNSException as error:
        message = f"the DNS doesn't answer for {name}"
        raise OSError(message) from error
    return [b"".join(record.strings).decode(errors="replace") for record in answer]
