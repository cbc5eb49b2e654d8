from __future__ import annotations

import json

import pytest

from tests.support.world import load_event
from undersigned.delivering.feedback import ConfirmationReport, read_feedback_message, read_mail_event


@pytest.mark.parametrize(
    ("feedback_type", "reason"),
    [
        ("abuse", "complaint, abuse"),
        ("fraud", "complaint, fraud"),
        ("\x1b[2J", "complaint, no reason given"),
        ("<b>call +1 555</b>", "complaint, no reason given"),
        (None, "complaint, no reason given"),
        (["abuse"], "complaint, no reason given"),
    ],
)
def test_a_complaint_has_only_a_reason_that_ses_defines(feedback_type: object, reason: str) -> None:
    event = load_event("record_feedback_complaint")
    event["detail"]["complaint"]["complaintFeedbackType"] = feedback_type
    read = read_mail_event(event)
    assert read
    assert read.reason == reason


def test_a_complaint_that_ses_made_up_for_a_suppressed_address_is_a_bounce() -> None:
    """SES sent nothing, and somebody complained long ago ("Complaint object", SES developer guide)."""
    event = load_event("record_feedback_complaint")
    event["detail"]["complaint"] |= {"complaintSubType": "OnAccountSuppressionList", "complaintFeedbackType": None}
    read = read_mail_event(event)
    assert read
    assert (read.kind, read.permanent, read.reason) == ("bounce", True, "Permanent bounce, OnAccountSuppressionList")


@pytest.mark.parametrize(
    ("event", "report"),
    [
        (
            {"type": "Bounce", "bounce": "Permanent", "subtype": "General", "complaint": ""},
            ConfirmationReport("bounced", "clean"),
        ),
        (
            {"type": "Bounce", "bounce": "Permanent", "subtype": "Suppressed", "complaint": ""},
            ConfirmationReport("bounced", "clean"),
        ),
        ({"type": "Bounce", "bounce": "Permanent", "subtype": "OnAccountSuppressionList", "complaint": ""}, None),
        ({"type": "Bounce", "bounce": "Transient", "subtype": "MailboxFull", "complaint": ""}, None),
        (
            {"type": "Complaint", "bounce": "", "subtype": "", "complaint": ""},
            ConfirmationReport("complained", "clean"),
        ),
        ({"type": "Complaint", "bounce": "", "subtype": "", "complaint": "OnAccountSuppressionList"}, None),
    ],
)
def test_a_confirmation_email_that_did_harm_is_reported(
    event: dict[str, str], report: ConfirmationReport | None
) -> None:
    assert read_feedback_message(json.dumps({"confirmation": {**event, "lane": ["clean"]}})) == report


@pytest.mark.parametrize("lane", [["other"], [], "clean", ["clean", "clean"]])
def test_a_damaged_report_is_refused(lane: object) -> None:
    with pytest.raises(ValueError, match=r"lane|unpack"):
        read_feedback_message(json.dumps({"confirmation": {"type": "Complaint", "lane": lane}}))
