"""Settings: the environment variables that template.yaml sets for the functions."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.emails import Sender


class SettingsError(UndersignedError):
    """Environment variables are missing or not valid; names all of them."""


class Settings:
    """A function's settings, each read once. At its start, a function checks the settings that it needs."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Keep the environment variables."""
        self.variables = variables

    def check(self, *names: str) -> Settings:
        """Check these settings, by their names in this class. Raises SettingsError that names every bad one."""
        mistakes = []
        for name in names:
            try:
                getattr(self, name)
            except SettingsError as error:
                mistakes.append(str(error))
        if mistakes:
            raise SettingsError("; ".join(dict.fromkeys(mistakes)))
        return self

    @cached_property
    def table_name(self) -> str:
        """The table."""
        return self._required("TABLE_NAME")

    @cached_property
    def secret_arn(self) -> str:
        """The stack's secret: the keys of ids, and of signers' and recipients' links."""
        return self._required("SECRET_ARN")

    @cached_property
    def organizers_secret_arn(self) -> str:
        """The secret that organizers' access rests on."""
        return self._required("ORGANIZERS_SECRET_ARN")

    @cached_property
    def packet_bucket(self) -> str:
        """The bucket of packets and exports."""
        return self._required("PACKET_BUCKET")

    @cached_property
    def draft_bucket(self) -> str:
        """The bucket of drafts."""
        return self._required("DRAFT_BUCKET")

    @cached_property
    def delivery_queue_url(self) -> str:
        """The queue of deliveries."""
        return self._required("DELIVERY_QUEUE_URL")

    @cached_property
    def export_queue_url(self) -> str:
        """The queue of exports."""
        return self._required("EXPORT_QUEUE_URL")

    @cached_property
    def waiting_mails_url(self) -> str:
        """The queue of confirmation emails."""
        return self._required("WAITING_MAILS_URL")

    @cached_property
    def dead_mails_url(self) -> str:
        """The queue of messages about confirmation emails that were given up."""
        return self._required("DEAD_MAILS_URL")

    @cached_property
    def people_mails_url(self) -> str:
        """The queue of emails to people."""
        return self._required("PEOPLE_MAILS_URL")

    @cached_property
    def admin_email(self) -> str:
        """The address of the stack's administrator; empty if it has none."""
        return (self._optional("ADMIN_EMAIL") or "").strip()

    @cached_property
    def reconciliation_queue_url(self) -> str:
        """The queue of reconciliations."""
        return self._required("RECONCILIATION_QUEUE_URL")

    @cached_property
    def feedback_queue_url(self) -> str:
        """The queue of SES's events."""
        return self._required("FEEDBACK_QUEUE_URL")

    @cached_property
    def operator_topic(self) -> str:
        """The topic of the alarms."""
        return self._required("OPERATOR_TOPIC")

    @cached_property
    def configuration_set(self) -> str:
        """The configuration set in SES that sends us its events."""
        return self._required("CONFIGURATION_SET")

    @cached_property
    def sender_address(self) -> str:
        """The address that emails come from."""
        return self._required("SENDER_ADDRESS")

    @cached_property
    def sender(self) -> Sender:
        """The From address of emails, and the base address of their links."""
        from undersigned.base.emails import Sender

        return Sender(self.sender_address, self._required("PUBLIC_URL").rstrip("/"))

    def sender_at(self, public_url: str) -> Sender:
        """Return the sender of emails with links to another address, for a function whose template can't have it."""
        from undersigned.base.emails import Sender

        return Sender(self.sender_address, public_url)

    @cached_property
    def public_url(self) -> str:
        """The base address of all pages; empty if a function must take it from its requests."""
        return (self._optional("PUBLIC_URL") or "").rstrip("/")

    @cached_property
    def cdn_proof_arn(self) -> str | None:
        """The secret that proves that a request came through the CDN, if there is one."""
        return self._optional("CDN_PROOF_ARN")

    @cached_property
    def delivery_time_zone(self) -> str:
        """The time zone that decides the day of a delivery."""
        return self._required("DELIVERY_TIME_ZONE")

    @cached_property
    def schedule(self) -> tuple[str, int, str]:
        """When packets are sent: a weekday (`MON`), a full hour, and a time zone."""
        return self._required("DELIVERY_DAY"), self._number("DELIVERY_HOUR"), self.delivery_time_zone

    @cached_property
    def forms_a_minute(self) -> int:
        """How many forms one IP address may post in a minute."""
        return self._number("FORMS_A_MINUTE")

    @cached_property
    def packet_days(self) -> int:
        """How many days packets are kept, for the privacy notice."""
        return self._number("PACKET_DAYS")

    @cached_property
    def budget_sizes(self) -> tuple[int, ...]:
        """How many confirmation emails each budget has, in the order of `BudgetSizes`: four numbers."""
        text = self._required("MAIL_BUDGETS")
        try:
            suspicious_an_hour, an_hour, a_network, a_domain = map(int, text.split())
        except ValueError as error:
            message = f"environment variable MAIL_BUDGETS is {text!r}; give four whole numbers"
            raise SettingsError(message) from error
        return suspicious_an_hour, an_hour, a_network, a_domain

    @cached_property
    def mails_at_once(self) -> int:
        """How many confirmation emails one process sends at once."""
        return self._number("MAILS_AT_ONCE")

    @cached_property
    def plans_at_once(self) -> int:
        """How many calls a plan or a report makes at once."""
        return self._number("PLANS_AT_ONCE")

    @cached_property
    def accepts_reserved_domains(self) -> bool:
        """Whether names that no one can have, such as signers.example, count as taking email."""
        return self._required("ACCEPT_RESERVED_DOMAINS") == "true"

    @cached_property
    def bundle_size(self) -> int:
        """How many letters are sealed in one transaction."""
        return self._number("BUNDLE_SIZE")

    def _optional(self, name: str) -> str | None:
        return self.variables.get(name) or None

    def _required(self, name: str) -> str:
        if value := self._optional(name):
            return value
        message = f"environment variable {name} is not set; template.yaml sets it for this function"
        raise SettingsError(message)

    def _number(self, name: str) -> int:
        text = self._required(name)
        try:
            return int(text)
        except ValueError as error:
            message = f"environment variable {name} is {text!r}; give a whole number"
            raise SettingsError(message) from error
