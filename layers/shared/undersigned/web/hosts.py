"""The stack's hosts: where the public pages are, and where the API itself answers.

They differ only if a CDN serves the public pages. Everything private, and every post, is at the API's own host then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from undersigned.web.reader import own_origin

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

CDN = "cdn"
"""The stage variable with the address of the CDN. The function's settings can't have it: it is made after them."""


class Addresses(Protocol):
    """What a function's settings say of the hosts. The addresses are empty if a request has to say them."""

    @property
    def has_cdn(self) -> bool:
        """Whether a CDN serves the public pages."""

    @property
    def public_url(self) -> str:
        """The base address of the public pages."""

    @property
    def api_url(self) -> str:
        """The base address of the API, if that is another."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The origin of the public pages, and that of the API."""

    public: str
    api: str

    @property
    def other_api(self) -> str:
        """The API's origin if the public pages have another; otherwise empty, as pages then need no origin."""
        return self.api if self.api != self.public else ""

    def is_ours(self, origin: str | None) -> bool:
        """Return whether an origin is that of our public pages, on a CDN."""
        return bool(self.other_api) and origin == self.public


def hosts_of(event: APIGatewayProxyEventV2, settings: Addresses) -> Hosts:
    """Return the hosts. A CDN sends each request with the API's own host, whichever host the visitor asked for."""
    own = own_origin(event)
    if not settings.has_cdn:
        public = settings.public_url or own
        return Hosts(public, public)
    public = settings.public_url or event.stage_variables.get(CDN) or own
    return Hosts(public, settings.api_url or own)
