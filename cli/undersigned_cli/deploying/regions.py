"""The regions of AWS in which a stack can be, as botocore knows them."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from botocore.session import get_session

_NEEDED = ("lambda", "sesv2", "scheduler", "apigatewayv2", "dynamodb", "events", "secretsmanager", "sns", "sqs")
"""The services of template.yaml that not every region has. A region that has Lambda has its runtimes, and arm64."""


@cache
def regions() -> list[str]:
    """Return the regions that have every needed service."""
    session = get_session()
    return sorted(set.intersection(*(set(session.get_available_regions(service)) for service in _NEEDED)))


def mistake_in_region(region: str) -> str | None:
    """Return what is wrong with a region, or None."""
    known = regions()
    if region in known:
        return None
    similar = get_close_matches(region, known, n=3) or ["us-east-1", "eu-west-1"]
    return f"is {region!r}; give a region that has SES and Lambda, such as {', '.join(similar)}"
