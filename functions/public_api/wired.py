"""The public API's services, made once per process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment(
    "table_name",
    "secret_arn",
    "packet_bucket",
    "forms_a_minute",
    "accepts_reserved_domains",
    "packet_days",
    "schedule",
    "public_url",
    "cdn_proof_arn",
    "people_mails_url",
)
