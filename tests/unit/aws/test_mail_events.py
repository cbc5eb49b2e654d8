from __future__ import annotations

import pytest

from tests.world import load_event
from undersigned.aws.mail_events import read_mail_event


@pytest.mark.parametrize(
    ("feedback_type", "reason"),
    [
        ("abuse", "complaint, abuse"),
        ("not-spam", "complaint, not-spam"),
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
