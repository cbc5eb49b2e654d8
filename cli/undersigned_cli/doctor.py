"""Checks of a stack's account, of SES and of the DNS. Each says what is wrong, and what to do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

type State = Literal["ok", "problem", "unknown"]

NEEDED_CONCURRENCY = 20
"""How many invocations the functions of a stack need at once."""

FEW_EMAILS = 200
"""The daily quota of the sandbox."""

_ENOUGH_USED = 0.9
_A_DAY = 24 * 60 * 60

_EMAILS_A_SECOND = 40
"""How many emails a second a process of the queue sends: two of them some 80 (docs/scale.md)."""

_FEWEST_AT_ONCE, _MOST_AT_ONCE = 2, 100
"""How many processes the queue has with SignersPerSecond=50, and with 3333."""

_FAR = 2
"""How many times faster SES or the queue has to be, before it is worth a deployment."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check: its subject, its finding, and the way out unless it is ok."""

    check: str
    state: State
    found: str
    todo: str = ""


AFTER_DEPLOYING = ("stack", "identity", "DMARC", "SES account", "subscriptions", "deletion protection")
"""The checks of a person's tasks after the first deployment."""


type Txt = Callable[[str], Sequence[str]]
"""Returns a name's TXT records, or none if there is no such name. Raises OSError if the DNS doesn't answer."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Doctor:
    """Checks a stack. `targets` are the email addresses that letters go to."""

    stack: str
    sender: str
    client: Callable[[str], Any]
    txt: Txt
    targets: Iterable[str]

    def findings(self, only: Collection[str] = ()) -> Iterator[Finding]:
        """Run all checks, or only these. If AWS doesn't answer a check, its result is unknown; the others go on."""
        checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
            ("stack", self._stack),
            ("identity", self._identity),
            ("DMARC", self._dmarc),
            ("SES account", self._account),
            ("waiting emails", self._waiting),
            ("suppression list", self._suppression),
            ("Lambda concurrency", self._concurrency),
            ("deletion protection", self._protection),
            ("subscriptions", self._subscriptions),
            ("schedules", self._schedules),
            ("event source mappings", self._mappings),
            ("versions", self._versions),
            ("permissions", self._permissions),
            ("alarms", self._alarms),
        )
        for name, check in checks:
            if only and name not in only:
                continue
            try:
                yield from check()
            except (ClientError, BotoCoreError, OSError) as error:
                code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
                yield Finding(name, "unknown", f"no answer: {code}", "allow the profile to read it, or try again")

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

    def _stack(self) -> Iterator[Finding]:
        [found] = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        status = found["StackStatus"]
        is_done = status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        todo = "" if is_done else "wait for the deployment to end, or deploy again"
        yield Finding("stack", "ok" if is_done else "problem", status, todo)

    def _identity(self) -> Iterator[Finding]:
        ses = self.client("sesv2")
        found = None
        for name in (self._domain, self.sender):
            try:
                found = ses.get_email_identity(EmailIdentity=name)
                break
            except ClientError as error:
                if error.response["Error"]["Code"] != "NotFoundException":
                    raise
        if found is None:
            todo = f"create {self._domain} in the SES console, or set ManageIdentity = true in deploy.toml"
            yield Finding("identity", "problem", f"SES knows neither {self._domain} nor {self.sender}", todo)
            return
        is_verified = bool(found.get("VerifiedForSendingStatus"))
        todo = "" if is_verified else "add the DNS records that SES shows, or follow the link in AWS's email"
        state: State = "ok" if is_verified else "problem"
        yield Finding("identity", state, "verified" if is_verified else "not verified", todo)
        dkim = found.get("DkimAttributes", {}).get("Status", "NOT_STARTED")
        if dkim == "SUCCESS":
            yield Finding("DKIM", "ok", "signed")
        else:
            yield Finding("DKIM", "problem", dkim, _dkim_records(self._domain, found.get("DkimAttributes", {})))

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
        if account.get("ProductionAccessEnabled", True):
            yield Finding("sandbox", "ok", "out of the sandbox")
        else:
            todo = "ask for production access under Account dashboard; until then, verify each address"
            yield Finding("sandbox", "problem", "SES sends to verified addresses only", todo)
        status = account.get("EnforcementStatus", "HEALTHY")
        if account.get("SendingEnabled", True) and status == "HEALTHY":
            yield Finding("sending", "ok", "enabled")
        else:
            yield Finding("sending", "problem", f"paused or under review: {status}", "answer the case that AWS opened")
        most, used = quota["Max24HourSend"], quota["SentLast24Hours"]
        if 0 <= most <= FEW_EMAILS or used >= _ENOUGH_USED * most > 0:
            found = f"{used:.0f} of {most:.0f} emails used in 24 hours"
            todo = "ask for more under Account dashboard, Request a limit increase"
            yield Finding("daily quota", "problem", found, todo)
        else:
            yield Finding("daily quota", "ok", f"{used:.0f} of {most:.0f} emails used in 24 hours")

    def _waiting(self) -> Iterator[Finding]:
        """Compare how fast the queue of confirmation emails goes with SES's rate."""
        rate = self.client("sesv2").get_account()["SendQuota"]["MaxSendRate"]
        mapping = self._resources("AWS::Lambda::EventSourceMapping").get("SendConfirmationsWaiting")
        if mapping is None:
            return
        try:
            found = self.client("lambda").get_event_source_mapping(UUID=mapping)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            # The check of the mappings reports it.
            return
        at_once = found.get("ScalingConfig", {}).get("MaximumConcurrency", _FEWEST_AT_ONCE)
        speed = at_once * _EMAILS_A_SECOND
        said = f"{at_once:,} at once are some {speed:,} a second; SES takes {rate:,.0f}"
        if rate >= speed * _FAR and at_once < _MOST_AT_ONCE:
            yield Finding("waiting emails", "problem", said, "set a higher SignersPerSecond in deploy.toml, and deploy")
        elif speed >= rate * _FAR and at_once > _FEWEST_AT_ONCE:
            todo = "ask for a higher rate under Account dashboard, or set a lower SignersPerSecond in deploy.toml"
            yield Finding("waiting emails", "problem", said, todo)
        else:
            yield Finding("waiting emails", "ok", said)

    def _suppression(self) -> Iterator[Finding]:
        ses = self.client("sesv2")
        listed = []
        for address in sorted(set(self.targets)):
            try:
                ses.get_suppressed_destination(EmailAddress=address)
            except ClientError as error:
                if error.response["Error"]["Code"] != "NotFoundException":
                    raise
            else:
                listed.append(address)
        if listed:
            todo = "if an office reads its email again: aws sesv2 delete-suppressed-destination --email-address ADDRESS"
            yield Finding("suppression list", "problem", f"has {', '.join(listed)}", todo)
        else:
            yield Finding("suppression list", "ok", "has no recipient")

    def _concurrency(self) -> Iterator[Finding]:
        limit = self.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        if limit < NEEDED_CONCURRENCY:
            todo = (
                "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
                "--desired-value 1000"
            )
            yield Finding("Lambda concurrency", "problem", f"{limit} at once; a stack needs {NEEDED_CONCURRENCY}", todo)
        else:
            yield Finding("Lambda concurrency", "ok", f"{limit} at once")

    def _protection(self) -> Iterator[Finding]:
        table = self._resources("AWS::DynamoDB::Table")["Table"]
        if self.client("dynamodb").describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
            yield Finding("deletion protection", "ok", "the table can't be deleted by mistake")
        else:
            todo = f"aws dynamodb update-table --table-name {table} --deletion-protection-enabled"
            yield Finding("deletion protection", "problem", "one call could delete the table", todo)

    def _subscriptions(self) -> Iterator[Finding]:
        topics = self._resources("AWS::SNS::Topic")
        for topic, protocol, name in (("Alarms", "email", "alarms' subscription"), ("FeedbackTopic", "sqs", "events")):
            found = self.client("sns").list_subscriptions_by_topic(TopicArn=topics[topic])["Subscriptions"]
            own = [subscription for subscription in found if subscription["Protocol"] == protocol]
            confirmed = [one for one in own if one["SubscriptionArn"] not in {"PendingConfirmation", "Deleted"}]
            if confirmed:
                yield Finding(name, "ok", "confirmed")
            elif own:
                yield Finding(name, "problem", "not confirmed", "follow the link in AWS's email, and look into spam")
            else:
                yield Finding(name, "problem", "none", "deploy the stack again, with your OperatorEmail")

    def _schedules(self) -> Iterator[Finding]:
        scheduler = self.client("scheduler")
        off = []
        found = self._resources("AWS::Scheduler::Schedule")
        for logical_id, name in sorted(found.items()):
            try:
                is_on = scheduler.get_schedule(Name=name)["State"] == "ENABLED"
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                is_on = False
            if not is_on:
                off.append(logical_id)
        if off or not found:
            yield Finding("schedules", "problem", f"off or gone: {', '.join(off) or 'all'}", "deploy the stack again")
        else:
            yield Finding("schedules", "ok", f"{len(found)} are on")

    def _mappings(self) -> Iterator[Finding]:
        functions = self.client("lambda")
        off = []
        found = self._resources("AWS::Lambda::EventSourceMapping")
        for logical_id, mapping in sorted(found.items()):
            try:
                state = functions.get_event_source_mapping(UUID=mapping)["State"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                state = "gone"
            if state not in {"Enabled", "Enabling", "Updating", "Creating"}:
                off.append(f"{logical_id} is {state}")
        if off or not found:
            todo = "aws lambda update-event-source-mapping --uuid UUID --enabled; if it is gone, deploy again"
            yield Finding("event source mappings", "problem", ", ".join(off) or "there are none", todo)
        else:
            yield Finding("event source mappings", "ok", f"{len(found)} are on")

    def _versions(self) -> Iterator[Finding]:
        """Look whether each alias names the newest version. After going back, an alias names an older one."""
        functions = self.client("lambda")
        old = []
        found = self._resources("AWS::Lambda::Function")
        for logical_id, name in sorted(found.items()):
            live = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
            pages = functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
            versions = [
                int(one["Version"]) for page in pages for one in page["Versions"] if one["Version"] != "$LATEST"
            ]
            if int(live) != max(versions):
                old.append(f"{logical_id} runs version {live}, not {max(versions)}")
        if old:
            yield Finding("versions", "problem", ", ".join(old), "if you went back, deploy the older source or a fix")
        else:
            yield Finding("versions", "ok", f"{len(found)} functions run their newest version")

    def _permissions(self) -> Iterator[Finding]:
        """Look for calls that IAM refused since yesterday. Only AWS can say whether the policies are right."""
        logs, since = self.client("logs"), int((time.time() - _A_DAY) * 1000)
        refused = []
        found = self._resources("AWS::Logs::LogGroup")
        for logical_id, group in sorted(found.items()):
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, filterPattern="AccessDenied", startTime=since, PaginationConfig={"MaxItems": 1}
            )
            if any(page["events"] for page in pages):
                refused.append(logical_id)
        if refused:
            todo = "aws logs filter-log-events --filter-pattern AccessDenied --log-group-name GROUP; then report it"
            yield Finding("permissions", "problem", f"AWS refused calls, see {', '.join(refused)}", todo)
        else:
            yield Finding("permissions", "ok", "no call was refused in the last day")

    def _alarms(self) -> Iterator[Finding]:
        answer = self.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{self.stack}-", StateValue="ALARM")
        on = [alarm["AlarmName"] for alarm in answer["MetricAlarms"]]
        if on:
            todo = "docs/runbook.md has an entry for each"
            yield Finding("alarms", "problem", f"on: {', '.join(sorted(on))}", todo)
        else:
            yield Finding("alarms", "ok", "none is on")


def _dkim_records(domain: str, dkim: Mapping[str, Any]) -> str:
    """Return the CNAME records by which SES signs, in one sentence. An identity of one address has none."""
    zone = dkim.get("SigningHostedZone", "dkim.amazonses.com")
    records = [f"\n{token}._domainkey.{domain} CNAME {token}.{zone}" for token in dkim.get("Tokens", ())]
    return f"add these records to your DNS:{''.join(records)}" if records else "look at Identities in the SES console"


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
