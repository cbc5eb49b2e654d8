"""SES's events in the domain's words."""

from __future__ import annotations

import pytest

from tests.world import load_event
from undersigned.aws.mail_events import read_mail_event


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("abuse", "complaint, abuse"),
        ("not-spam", "complaint, not-spam"),
        ("\x1b[2J", "complaint, no reason given"),
        ("<b>call +1 555</b>", "complaint, no reason given"),
        (None, "complaint, no reason given"),
        (["abuse"], "complaint, no reason given"),
    ],
)
def test_a_complaint_says_what_ses_knows_and_no_other_words(said: object, reason: str) -> None:
    event = load_event("record_feedback_complaint")
    event["detail"]["complaint"]["complaintFeedbackType"] = said
    read = read_mail_event(event)
    assert read
    assert read.reason == reason
