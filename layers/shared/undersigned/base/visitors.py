"""Visitors: the IP address that a request comes from. Limits of forms and sign-ins count by it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from undersigned.base.cdn_proof import PROOF_HEADER

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.base.cdn_proof import CdnProof

logger = Logger()


def address_of(event: APIGatewayProxyEventV2, proof: CdnProof | None) -> str:
    """Return a visitor's IP address: as the CDN saw it, if the CDN proves itself; otherwise as the API saw it.

    CloudFront and then API Gateway append whom they saw to X-Forwarded-For, so its last address is CloudFront's, and
    the one before it the visitor's. Visitors can write only what comes before these two.
    """
    seen = event.request_context.http.source_ip
    if proof is None or not proof.is_in(event.headers.get(PROOF_HEADER, "")):
        return seen
    *_, visitor, last = ["", *(part.strip() for part in event.headers.get("x-forwarded-for", "").split(","))]
    if last == seen and _is_address(visitor):
        return visitor
    # All visitors of the CDN then share CloudFront's addresses, and the limits of each.
    logger.warning("the CDN names no visitor")
    return seen


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
