"""A model of CloudFront: the distribution in template.yaml, in front of a stack in memory.

It does what the template says about keys and methods, and what CloudFront does with Cache-Control ("Manage how long
content stays in the cache", CloudFront developer guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.aws_from_template import load_template, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.world import Answer, World

PUBLIC_HOST = "https://sign.example"
API_HOST = "https://letters.example"

PARAMETERS = {
    "Cdn": "true",
    "PublicUrl": PUBLIC_HOST,
    "ApiUrl": API_HOST,
    "CdnCertificate": "arn:aws:acm:us-east-1:123456789012:certificate/0b1c2d3e",
}


TEMPLATE = load_template()


@dataclass(frozen=True)
class Behavior:
    """What CloudFront does with the paths of a pattern. A redirect is its function's answer: the API hears nothing."""

    pattern: str
    methods: frozenset[str]
    headers: tuple[str, ...]
    queries: tuple[str, ...]
    cookies: str
    is_redirect: bool

    def fits(self, path: str) -> bool:
        return fnmatchcase(path, self.pattern)


@cache
def distribution() -> dict[str, Any]:
    """Return the distribution's configuration with Cdn=true."""
    resources = TEMPLATE["Resources"]
    known = {name: name for name in resources} | PARAMETERS
    known |= {"ToTheApi.FunctionARN": "ToTheApi", "AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com"}
    found: dict[str, Any] = resolve(resources["PublicPages"]["Properties"]["DistributionConfig"], known)
    return found


@cache
def behaviors() -> tuple[Behavior, ...]:
    """Return the behaviors in the order in which CloudFront tries them."""
    config = distribution()
    return tuple(_behavior(each) for each in (*config["CacheBehaviors"], config["DefaultCacheBehavior"]))


def _behavior(config: Mapping[str, Any]) -> Behavior:
    resources = TEMPLATE["Resources"]
    policy = resources.get(config["CachePolicyId"], {}).get("Properties", {}).get("CachePolicyConfig", {})
    key = policy.get("ParametersInCacheKeyAndForwardedToOrigin", {})
    return Behavior(
        config.get("PathPattern", "*"),
        frozenset(config["AllowedMethods"]),
        tuple(name.lower() for name in key.get("HeadersConfig", {}).get("Headers", [])),
        tuple(key.get("QueryStringsConfig", {}).get("QueryStrings", [])),
        key.get("CookiesConfig", {}).get("CookieBehavior", "none"),
        bool(config.get("FunctionAssociations")),
    )


@dataclass
class Cdn:
    """One of CloudFront's caches, empty at first. `asked` has the paths that reached the API."""

    world: World
    behaviors: tuple[Behavior, ...] = field(default_factory=behaviors)
    asked: list[str] = field(default_factory=list)
    kept: dict[tuple[object, ...], tuple[datetime, Answer]] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer | None:
        """Return the answer to a GET, from the cache or the API; None if it is a redirect to the API's own address."""
        place = urlsplit(path)
        behavior = next(each for each in self.behaviors if each.fits(place.path))
        assert "GET" in behavior.methods
        if behavior.is_redirect:
            return None
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        kept = {name: sent[name] for name in behavior.headers if name in sent}
        query = urlencode(
            [pair for pair in parse_qsl(place.query, keep_blank_values=True) if pair[0] in behavior.queries]
        )
        key = (place.path, query, tuple(sorted(kept.items())))
        if (found := self.kept.get(key)) and self.world.clock.now < found[0]:
            return found[1]
        self.asked.append(place.path)
        own = {"host": API_HOST.removeprefix("https://"), "accept": "", **kept}
        answer = self.world.get(f"{place.path}?{query}" if query else place.path, headers=own)
        if seconds := seconds_of(answer):
            self.kept[key] = (self.world.clock.now + timedelta(seconds=seconds), answer)
        return answer


def seconds_of(answer: Answer) -> int:
    """Return for how many seconds a shared cache keeps an answer."""
    control = answer.headers.get("cache-control", "")
    if answer.status != 200 or "no-store" in control or "private" in control:
        return 0
    found = re.search(r"(?:s-maxage|max-age)=(\d+)", control)
    return int(found[1]) if found else 0
