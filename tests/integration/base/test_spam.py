"""SpamAssassin's own rules over every kind of email. They need no network."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.emails import every_email

if TYPE_CHECKING:
    from tests.support.world import World

_MOST_POINTS = 2.0
"""SpamAssassin calls an email spam from 5 points on; filters of offices are often stricter. The email about a stop has
one point, as it is about an unsubscription, and each to the sender's own address has one."""

_FROM_SES = (
    b"Received: from a8-31.smtp-out.amazonses.com (a8-31.smtp-out.amazonses.com [54.240.8.31])\r\n"
    b"\tby mx.evanston.example with ESMTPS; Tue, 24 Nov 2026 18:00:01 +0000\r\n"
    b"Date: Tue, 24 Nov 2026 18:00:00 +0000\r\n"
    b"Message-ID: <0100019ab1c2d3e4-0000@email.amazonses.com>\r\n"
)
"""What SES and the office's server add to an email."""


def points_of(email: bytes) -> tuple[float, str]:
    """Return SpamAssassin's points for an email, and its report."""
    program = shutil.which("spamassassin")
    assert program, "SpamAssassin is missing: apt-get install spamassassin"
    command = [program, "--local", "--test-mode"]
    shown = subprocess.run(command, input=_FROM_SES + email, capture_output=True, check=True).stdout.decode()  # noqa: S603
    found = re.search(r"Content analysis details:\s+\((-?[\d.]+) points", shown)
    assert found, shown[-2000:]
    return float(found[1]), shown[found.start() :]


@pytest.mark.nightly
@pytest.mark.parametrize("kind", list(every_email()))
def test_no_email_looks_like_spam(kind: str) -> None:
    points, report = points_of(every_email()[kind].as_bytes())
    assert points <= _MOST_POINTS, report


@pytest.mark.nightly
def test_no_email_of_a_letters_way_looks_like_spam(world: World) -> None:
    world.confirmed()
    world.week()
    assert world.deliveries
    for sent in world.sent:
        points, report = points_of(sent.mail.as_bytes())
        assert points <= _MOST_POINTS, report


@pytest.mark.nightly
def test_an_email_of_a_spammer_does() -> None:
    """GTUBE, which every filter must know, shows that the rules are there."""
    gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    points, _ = points_of(f"Subject: Test\r\nFrom: a@b.example\r\nTo: c@d.example\r\n\r\n{gtube}\r\n".encode())
    assert points > 100
