"""Settings: what the stack tells its functions by environment variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import Sender
from undersigned.domain.errors import UndersignedError
from undersigned.domain.schedule import WeeklySchedule

if TYPE_CHECKING:
    from collections.abc import Mapping


class MissingSettingError(UndersignedError):
    """An environment variable is not set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A function's settings; one that its environment lacks is an error with its name as soon as it is used."""

    variables: Mapping[str, str]

    @property
    def table_name(self) -> str:
        """The table."""
        return self._required("TABLE_NAME")

    @property
    def secret_arn(self) -> str:
        """The secret that keys hashes and tokens."""
        return self._required("SECRET_ARN")

    @property
    def packet_bucket(self) -> str:
        """The packets' bucket."""
        return self._required("PACKET_BUCKET")

    @property
    def delivery_queue_url(self) -> str:
        """The queue of deliveries."""
        return self._required("DELIVERY_QUEUE_URL")

    @property
    def export_queue_url(self) -> str:
        """The queue of exports."""
        return self._required("EXPORT_QUEUE_URL")

    @property
    def waiting_mails_url(self) -> str:
        """The queue of confirmation mails that SES did not take."""
        return self._required("WAITING_MAILS_URL")

    @property
    def event_bus(self) -> str | None:
        """The bus that events are published on, if they are published at all."""
        return self._optional("EVENT_BUS_NAME")

    @property
    def configuration_set(self) -> str:
        """SES's configuration set, whose events come back."""
        return self._required("CONFIGURATION_SET")

    @property
    def sender(self) -> Sender:
        """Where mails come from and where their links lead."""
        return Sender(self._required("SENDER_ADDRESS"), self._required("PUBLIC_URL").rstrip("/"))

    def sender_at(self, own_origin: str) -> Sender:
        """Where mails come from; their links lead to the stack's own domain, or else to where it answers now."""
        return Sender(self._required("SENDER_ADDRESS"), (self._optional("PUBLIC_URL") or own_origin).rstrip("/"))

    @property
    def delivery_time_zone(self) -> str:
        """The time zone in which a delivery's day is named."""
        return self._required("DELIVERY_TIME_ZONE")

    @property
    def schedule(self) -> WeeklySchedule:
        """When packets go."""
        return WeeklySchedule(
            self._required("DELIVERY_DAY"), int(self._required("DELIVERY_HOUR")), self.delivery_time_zone
        )

    @property
    def forms_a_minute(self) -> int:
        """How many forms one IP address may send in a minute."""
        return int(self._required("FORMS_A_MINUTE"))

    @property
    def bundle_size(self) -> int:
        """Letters sealed in one transaction."""
        return int(self._required("BUNDLE_SIZE"))

    def _optional(self, name: str) -> str | None:
        return self.variables.get(name) or None

    def _required(self, name: str) -> str:
        value = self.variables.get(name, "")
        if not value:
            message = f"environment variable {name} is not set; template.yaml sets it for this function"
            raise MissingSettingError(message)
        return value
