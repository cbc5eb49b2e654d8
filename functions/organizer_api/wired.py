"""The organizers' API's services, made once per process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment(
    "table_name",
    "secret_arn",
    "organizers_secret_arn",
    "sender_address",
    "packet_bucket",
    "draft_bucket",
    "delivery_queue_url",
    "export_queue_url",
    "people_mails_url",
    "schedule",
    "plans_at_once",
    "public_url",
    "cdn_proof_arn",
)
organizing = stack.counting.organizing
