"""Telling: email an answer to the signers whose letters it answers and who want news, each once at most.

The schedule of postponed emails does it after these, an email at a time, and gives way: it ends when SES is busy, when
confirmation emails may not leave, and when so much of the daily quota is used that others need the rest.

A signer's row is marked before SES is asked. So after a crash, or if SES's answer is lost, nobody is told twice, and
one signer may not be told. They see the answer on their letter's page.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from undersigned.base.errors import (
    MailRefusedError,
    SendingStoppedError,
    SendingThrottledError,
    UncertainError,
)
from undersigned.base.logs import facts_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.emails.answer import answer_email
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rows.tellings import Tellings
from undersigned.signing.rows.mail_budgets import may_leave
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Answer, Campaign, Target
    from undersigned.delivering.rows.tellings import Telling
    from undersigned.signing.rules.signatures import Signature

logger = Logger()

SHARE_OF_QUOTA = 0.6
"""The share of SES's daily quota after which nobody is told: a fifth stays for confirmation emails alone."""


def tell_waiting(stack: Stack, has_time: Callable[[], bool]) -> None:
    """Tell signers of the answers that wait for it. The next run goes on where this one ends."""

    def may_go() -> bool:
        has_quota = stack.confirmation_mailbox.has_quota(SHARE_OF_QUOTA)
        return has_time() and has_quota and may_leave(stack).is_open("clean")

    for telling in Tellings(stack.table).all():
        about = {"campaign": telling.campaign, "target": telling.target}
        if not may_go():
            return
        try:
            logger.info("told signers", extra={**about, "emails": _tell(stack, telling, may_go)})
        except (SendingThrottledError, SendingStoppedError, UncertainError) as error:
            logger.warning("telling waits", extra={**about, **facts_of(error), "reason": str(error)})
            return
        except Exception as error:  # noqa: BLE001  (one bad answer must not stop the others; it is reported)
            logger.error("telling failed", extra={**about, **facts_of(error)})


def _tell(stack: Stack, telling: Telling, may_go: Callable[[], bool]) -> int:
    """Tell the signers who are not told yet, and return how many emails were sent."""
    signatures, sent = Signatures(stack.table), 0
    for campaign, target, answer, row in _left(stack, telling, may_go):
        token = stack.links.sign("letter", row.campaign, row.signer)
        mail = answer_email(stack.settings.sender, campaign, target, answer, row, letter_token=token)
        if not signatures.mark_told(row, telling.day):
            # It was erased, its news were ended, or another run tells them.
            continue
        try:
            stack.people_mailbox.send(mail)
            sent += 1
        except (SendingThrottledError, SendingStoppedError):
            # The email surely did not leave.
            signatures.mark_told(replace(row, told=telling.day), row.told)
            raise
        except MailRefusedError as error:
            logger.warning("SES refused an email", extra={"campaign": row.campaign, "reason": str(error)})
    return sent


def _left(
    stack: Stack, telling: Telling, may_go: Callable[[], bool]
) -> Iterator[tuple[Campaign, Target, Answer, Signature]]:
    """Read the signers who are not told yet, as long as more emails may go. When there are no more, end the telling."""
    campaigns, deliveries = Campaigns(stack.table), Deliveries(stack.table)
    for made in deliveries.deliveries(telling.campaign, telling.target):
        for bundle in deliveries.bundles(made.key):
            # Meanwhile, somebody may correct the answer, delete it, or pause the campaign.
            campaign, target, controls = campaigns.of_target(telling.campaign, telling.target)
            answer = target.answer
            if controls.paused:
                return
            if not (answer and answer.is_told and made.with_word_of(target).is_answered_by(answer)):
                break
            for row in Signatures(stack.table).signatures(telling.campaign, bundle.signers, whole=False):
                if not may_go():
                    return
                # Who was erased may have signed again, for another delivery.
                is_its_letter = (row.target, row.period) == (telling.target, made.period)
                if is_its_letter and row.agreed_at and not row.is_empty and not (row.told and row.told >= telling.day):
                    yield campaign, target, answer, row
    Tellings(stack.table).end(telling)
