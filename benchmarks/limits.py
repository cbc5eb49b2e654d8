"""AWS's quotas and prices that the simulation of a rush counts with, each with the page of AWS that says so.

Read in November 2026. Prices are those of us-east-1, in US dollars, without what every account has for free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_DOCS = "https://docs.aws.amazon.com"
_DYNAMODB = f"{_DOCS}/amazondynamodb/latest/developerguide"
_PRICES = "https://aws.amazon.com"


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit of AWS for an account in a region, or for what its name says."""

    limit: float
    unit: str
    page: str


QuotaName = Literal[
    "API Gateway: requests",
    "Lambda: functions at once",
    "Lambda: requests of a process",
    "Lambda: new processes of a function",
    "DynamoDB: writes of a partition",
    "DynamoDB: writes of a new table",
    "DynamoDB: writes of a table",
    "DynamoDB: items in a transaction",
    "Streams: readers of a shard",
    "Streams: batches of a shard at once",
    "Streams: age of a record",
    "SES: emails",
    "SES: questions for the rate",
    "CloudFront: requests",
]

QUOTAS: dict[QuotaName, Quota] = {
    "API Gateway: requests": Quota(
        10_000, "a second; 2,500 in some regions", f"{_DOCS}/apigateway/latest/developerguide/limits.html"
    ),
    "Lambda: functions at once": Quota(
        1_000, "; a new account often has 10", f"{_DOCS}/lambda/latest/dg/lambda-concurrency.html"
    ),
    "Lambda: requests of a process": Quota(10, "a second", f"{_DOCS}/lambda/latest/dg/lambda-concurrency.html"),
    "Lambda: new processes of a function": Quota(
        1_000, "in ten seconds", f"{_DOCS}/lambda/latest/dg/scaling-behavior.html"
    ),
    "DynamoDB: writes of a partition": Quota(1_000, "units a second", f"{_DYNAMODB}/warm-throughput-scenarios.html"),
    "DynamoDB: writes of a new table": Quota(
        4_000, "units a second, until it is warmed or has grown", f"{_DYNAMODB}/warm-throughput-scenarios.html"
    ),
    "DynamoDB: writes of a table": Quota(40_000, "units a second", f"{_DYNAMODB}/ServiceQuotas.html"),
    "DynamoDB: items in a transaction": Quota(
        100, "", f"{_DOCS}/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"
    ),
    "Streams: readers of a shard": Quota(2, "", f"{_DYNAMODB}/Streams.html"),
    "Streams: batches of a shard at once": Quota(
        10, "a function", f"{_DOCS}/lambda/latest/dg/services-ddb-params.html"
    ),
    "Streams: age of a record": Quota(24, "hours", f"{_DOCS}/lambda/latest/dg/services-ddb-params.html"),
    "SES: emails": Quota(1, "a second in the sandbox; then what AWS grants", f"{_DOCS}/ses/latest/dg/quotas.html"),
    "SES: questions for the rate": Quota(1, "a second", f"{_DOCS}/ses/latest/APIReference/API_GetSendQuota.html"),
    "CloudFront: requests": Quota(
        250_000, "a second and distribution", f"{_DOCS}/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"
    ),
}


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for so much."""

    dollars: float
    unit: str
    page: str


PriceName = Literal[
    "API Gateway: requests",
    "API Gateway: bytes out",
    "CloudFront: requests",
    "CloudFront: bytes out",
    "Lambda: runs",
    "Lambda: memory",
    "DynamoDB: writes on demand",
    "DynamoDB: reads on demand",
    "DynamoDB: writes provisioned",
    "DynamoDB: reads provisioned",
    "DynamoDB: storage",
    "DynamoDB: recovery",
    "CloudWatch: logs",
    "S3: storage",
    "S3: writes",
    "SES: emails",
]

PRICES: dict[PriceName, Price] = {
    "API Gateway: requests": Price(1.00, "million", f"{_PRICES}/api-gateway/pricing/"),
    "API Gateway: bytes out": Price(0.09, "GB", f"{_PRICES}/ec2/pricing/on-demand/"),
    "CloudFront: requests": Price(1.00, "million", f"{_PRICES}/cloudfront/pricing/"),
    "CloudFront: bytes out": Price(0.085, "GB", f"{_PRICES}/cloudfront/pricing/"),
    "Lambda: runs": Price(0.20, "million", f"{_PRICES}/lambda/pricing/"),
    "Lambda: memory": Price(13.3334, "million GB-seconds (arm64)", f"{_PRICES}/lambda/pricing/"),
    "DynamoDB: writes on demand": Price(0.625, "million units", f"{_PRICES}/dynamodb/pricing/on-demand/"),
    "DynamoDB: reads on demand": Price(0.125, "million units", f"{_PRICES}/dynamodb/pricing/on-demand/"),
    "DynamoDB: writes provisioned": Price(
        0.00065, "unit a second, for an hour", f"{_PRICES}/dynamodb/pricing/provisioned/"
    ),
    "DynamoDB: reads provisioned": Price(
        0.00013, "unit a second, for an hour", f"{_PRICES}/dynamodb/pricing/provisioned/"
    ),
    "DynamoDB: storage": Price(0.25, "GB and month", f"{_PRICES}/dynamodb/pricing/on-demand/"),
    "DynamoDB: recovery": Price(0.20, "GB and month", f"{_PRICES}/dynamodb/pricing/on-demand/"),
    "CloudWatch: logs": Price(0.50, "GB", f"{_PRICES}/cloudwatch/pricing/"),
    "S3: storage": Price(0.023, "GB and month", f"{_PRICES}/s3/pricing/"),
    "S3: writes": Price(5.00, "million", f"{_PRICES}/s3/pricing/"),
    "SES: emails": Price(100.0, "million", f"{_PRICES}/ses/pricing/"),
}

CdnPrice = Literal["CloudFront: requests", "CloudFront: bytes out"]

CDN_FREE: dict[CdnPrice, float] = {
    "CloudFront: requests": 10e6,
    "CloudFront: bytes out": 1e12,
}
"""What every account has of CloudFront each month without an end, on the page of its prices ("Always Free Tier")."""

PROVISIONED_USE = 0.7
"""The share of provisioned units that is used on average: what auto scaling aims at by default."""


def dollars(price: PriceName, amount: float) -> float:
    """Return what so much costs, in the price's unit; prices for a million take a number, those for a GB bytes."""
    per = {"million": 1e6, "GB": 1e9}.get(PRICES[price].unit.split()[0], 1)
    return PRICES[price].dollars * amount / per


def provisioned(price: Literal["DynamoDB: writes provisioned", "DynamoDB: reads provisioned"], units: float) -> float:
    """Return what units cost if the table has so many a second that they use the usual share of them."""
    return PRICES[price].dollars * units / 3600 / PROVISIONED_USE
