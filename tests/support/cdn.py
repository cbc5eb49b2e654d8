"""A model of CloudFront: the distribution in template.yaml, in front of a stack in memory.

It does what the template says about paths, keys and methods, and what CloudFront does with Cache-Control ("Manage how
long content stays in the cache"), with addresses and custom headers ("Request and response behavior for custom
origins", CloudFront developer guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.world import PUBLIC_URL
from undersigned.base.cdn_proof import PROOF_HEADER
from undersigned.base.settings import Settings
from undersigned_cli.local.template import load_template, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pytest

    from tests.support.world import Answer, World

API_HOST = "a1b2.execute-api.us-east-1.amazonaws.com"
"""The only name of the API. Requests to it go around the CDN."""

EDGE = "130.176.0.1"
"""The address from which CloudFront asks the API."""

PROOF = "p" * 64

PARAMETERS = {
    "Cdn": "true",
    "PublicUrl": PUBLIC_URL,
    "CdnCertificate": "arn:aws:acm:us-east-1:123456789012:certificate/0b1c2d3e",
}

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's policy that keeps nothing."""

ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's policy that sends the API all headers, cookies and queries, and its own name as Host."""

KEPT = {
    "/": "public, max-age=3600",
    "/campaigns/{campaign}": "public, max-age=10",
    "/campaigns/{campaign}/embed": "public, max-age=10",
    "/campaigns/{campaign}/signed": "public, max-age=5",
    "/campaigns/{campaign}/privacy": "public, max-age=300",
    "/campaigns/{campaign}/targets": "public, max-age=60",
    "/campaigns/{campaign}/count": "public, max-age=5, stale-if-error=86400",
    "/campaigns/{campaign}/share.png": "public, max-age=600, stale-while-revalidate=3600, stale-if-error=86400",
    "/assets/{digest}/{name}": "public, max-age=31536000, immutable",
    "/assets/logos/{campaign}/{digest}": "public, max-age=31536000, immutable",
    "/embed.js": "public, max-age=3600, stale-while-revalidate=86400",
    "/openapi.json": "public, max-age=3600, stale-while-revalidate=86400",
}
"""How long caches may keep answers to GETs, by path. They keep nothing else."""

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/undersigned/51af3dc0-da77-11e4-872e-1234567db123"

TEMPLATE = load_template()


@dataclass(frozen=True)
class Behavior:
    """CloudFront's behavior for the paths of a pattern. `policies` are the cache's and that of requests to the API."""

    pattern: str
    methods: frozenset[str]
    policies: tuple[str, str | None]
    headers: tuple[str, ...]
    queries: tuple[str, ...]
    cookies: str

    @property
    def keeps_nothing(self) -> bool:
        return self.policies == (CACHING_DISABLED, ALL_VIEWER_EXCEPT_HOST)

    def fits(self, path: str) -> bool:
        return fnmatchcase(path, self.pattern)


def known(**values: str) -> dict[str, Any]:
    """Return the values by which `resolve` resolves the template of a deployed stack with these parameters."""
    resources = {name: name for name in TEMPLATE["Resources"]}
    aws = {"AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com", "AWS::StackId": STACK_ID}
    return resources | aws | {"Api": "a1b2", "Distribution.DomainName": "d1.cloudfront.net"} | values


@cache
def distribution() -> dict[str, Any]:
    """Return the distribution's configuration with Cdn=true."""
    properties = TEMPLATE["Resources"]["Distribution"]["Properties"]
    found: dict[str, Any] = resolve(properties["DistributionConfig"], known(**PARAMETERS))
    return found


@cache
def behaviors() -> tuple[Behavior, ...]:
    """Return the behaviors in the order in which CloudFront tries them."""
    config = distribution()
    return tuple(_behavior(each) for each in (*config["CacheBehaviors"], config["DefaultCacheBehavior"]))


def behavior_of(path: str) -> Behavior:
    """Return the behavior for a path."""
    return next(behavior for behavior in behaviors() if behavior.fits(path))


def _behavior(config: Mapping[str, Any]) -> Behavior:
    resources = TEMPLATE["Resources"]
    policy = resources.get(config["CachePolicyId"], {}).get("Properties", {}).get("CachePolicyConfig", {})
    key = policy.get("ParametersInCacheKeyAndForwardedToOrigin", {})
    return Behavior(
        config.get("PathPattern", "*"),
        frozenset(config.get("AllowedMethods", ["GET", "HEAD"])),
        (config["CachePolicyId"], config.get("OriginRequestPolicyId")),
        tuple(name.lower() for name in key.get("HeadersConfig", {}).get("Headers", [])),
        tuple(key.get("QueryStringsConfig", {}).get("QueryStrings", [])),
        key.get("CookiesConfig", {}).get("CookieBehavior", "none"),
    )


@dataclass
class Cdn:
    """One of CloudFront's caches, empty at first. `asked` has the paths that reached the API."""

    world: World
    proof: str = PROOF
    asked: list[str] = field(default_factory=list)
    kept: dict[tuple[object, ...], tuple[datetime, Answer]] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> Answer:
        return self.request("GET", path, headers=headers, **options)

    def request(
        self,
        method: str,
        path: str,
        values: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        source: str = "203.0.113.7",
        **options: Any,
    ) -> Answer:
        """Return the answer to a visitor at the IP address `source`, from the cache or the API."""
        place, sent = urlsplit(path), {name.lower(): value for name, value in (headers or {}).items()}
        behavior = behavior_of(place.path)
        assert method in behavior.methods, f"CloudFront refuses {method} {path}"
        if behavior.keeps_nothing:
            return self._asked(method, path, values, sent, source, **options)
        assert not values
        passed = {"accept": "", **{name: sent[name] for name in behavior.headers if name in sent}}
        query = urlencode(
            [pair for pair in parse_qsl(place.query, keep_blank_values=True) if pair[0] in behavior.queries]
        )
        target = f"{place.path}?{query}" if query else place.path
        if method != "GET":
            return self._asked(method, target, None, passed, source)
        key = (place.path, query, tuple(sorted(passed.items())))
        if (found := self.kept.get(key)) and self.world.clock.now < found[0]:
            return found[1]
        answer = self._asked(method, target, None, passed, source)
        if seconds := seconds_of(answer):
            self.kept[key] = (self.world.clock.now + timedelta(seconds=seconds), answer)
        return answer

    def _asked(
        self, method: str, path: str, values: object, sent: Mapping[str, str], source: str, **options: Any
    ) -> Answer:
        self.asked.append(urlsplit(path).path)
        way = [sent["x-forwarded-for"]] if "x-forwarded-for" in sent else []
        # CloudFront appends the visitor's address, and API Gateway CloudFront's.
        own = {"host": API_HOST, "x-forwarded-for": ", ".join([*way, source, EDGE]), PROOF_HEADER: self.proof}
        return self.world.request(method, path, values, headers={**sent, **own}, source=EDGE, **options)


def in_front_of(world: World, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Cdn:
    """Return a CDN in front of a stack, whose API gets these variables besides the proof's."""
    secrets = world.stack.client("secretsmanager")
    arn = secrets.create_secret(Name="undersigned-CdnProof-1", SecretString=PROOF)["ARN"]
    for function in ("public_api", "organizer_api"):
        stack = world.stacks[function]
        settings = Settings({**stack.settings.variables, "CDN_PROOF_ARN": arn, **variables})
        monkeypatch.setattr(stack, "settings", settings)
    return Cdn(world)


def seconds_of(answer: Answer) -> int:
    """Return for how many seconds a shared cache keeps an answer."""
    control = answer.headers.get("cache-control", "")
    if answer.status != 200 or "no-store" in control or "private" in control:
        return 0
    found = re.search(r"(?:s-maxage|max-age)=(\d+)", control)
    return int(found[1]) if found else 0
