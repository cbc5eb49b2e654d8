"""The dashboard's pages: how a campaign stands, its deliveries, its letters, its files, and what was done."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, get_args

from functions.organizer_api import deliveries as api_deliveries
from functions.organizer_api import next_deliveries, wired
from functions.organizer_api.campaign import PLACE_IN_AUDIT
from functions.organizer_api.routes import cursor_of
from functions.organizer_api.session import HOME, Pages, Visit, done, show
from functions.organizer_api.signatures import PLACE as PLACE_OF_SIGNATURE
from undersigned.domain.campaigns import ID_PATTERN
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.exports import EXPORTED, ExportFilter
from undersigned.domain.providers import Provider
from undersigned.domain.signatures import Standing
from undersigned.http.answers import moved
from undersigned.rendering import dashboard
from undersigned.services.organizing import Wanted

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

pages = Pages()

TARGETS_SHOWN = 50
ROWS_SHOWN = 25


@pages.get("", "read")
def overview(visit: Visit) -> Response[str]:
    """Show how a campaign stands, and what needs somebody."""
    organizing = wired.organizing
    domains = organizing.mail_domains(visit.campaign)
    return show(
        dashboard.overview(
            visit.viewer(),
            organizing.overview(visit.campaign),
            organizing.counts(visit.campaign, "day").by,
            organizing.targets(visit.campaign, visit.place(ID_PATTERN), TARGETS_SHOWN),
            [Provider(name, domain.signed, domain.confirmed) for name, domain in domains.items()],
            period=wired.wiring.period(),
            sort=visit.choice("sort", dashboard.COLUMNS) or "addressee",
            descending=visit.choice("order", ("ascending", "descending")) == "descending",
            cursor_of=cursor_of,
        )
    )


@pages.get("/targets/<target>", "read")
def target(visit: Visit, target: str) -> Response[str]:
    """Show an addressee: what waits, what was sent, and what can be done."""
    history, _ = wired.organizing.history(visit.campaign, target, None, None, ROWS_SHOWN)
    return show(dashboard.target(visit.viewer(), wired.organizing.target(visit.campaign, target), history))


@pages.get("/targets/<target>/next", "manage")
def preview(visit: Visit, target: str) -> Response[str]:
    """Show the mail that would go to an addressee now."""
    made = next_deliveries.preview_of(visit, target)
    return show(dashboard.preview(visit.viewer(), made, date.fromisoformat(wired.wiring.period())))


@pages.get("/targets/<target>/next/mail", "manage")
def preview_mail(visit: Visit, target: str) -> Response[bytes]:
    """Hand over that mail as a file."""
    return next_deliveries.preview_mail(visit, target)


@pages.get("/targets/<target>/next/packets/<number>", "manage")
def preview_packet(visit: Visit, target: str, number: str) -> Response[bytes]:
    """Hand over one of its packets."""
    return next_deliveries.preview_packet(visit, target, number)


@pages.get("/deliveries", "read")
def deliveries(visit: Visit) -> Response[str]:
    """Show what was sent, the newest first."""
    after = api_deliveries.after(visit)
    found, last = wired.organizing.history(visit.campaign, None, None, after, ROWS_SHOWN)
    roster = wired.wiring.catalog.entry(visit.campaign).roster
    return show(dashboard.deliveries(visit.viewer(), found, roster, cursor_of(api_deliveries.place_of(last))))


@pages.get("/deliveries/<period>/<target>", "read")
def delivery(visit: Visit, period: str, target: str) -> Response[str]:
    """Show one delivery: its packets, and what became of its mail."""
    record = wired.organizing.delivery(DeliveryKey(visit.campaign, target, period))
    return show(dashboard.delivery(visit.viewer(), record, wired.organizing.target(visit.campaign, target)))


@pages.get("/deliveries/<period>/<target>/packets/<number>", "manage")
def packet(visit: Visit, period: str, target: str, number: str) -> Response[str]:
    """Lead to a packet's PDF."""
    return api_deliveries.fetch_packet(visit, period, target, number)


@pages.get("/signatures", "manage")
def signatures(visit: Visit) -> Response[str]:
    """Show letters, newest first."""
    wanted = Wanted(visit.named("target"), visit.choice("status", get_args(Standing)))
    found = wired.organizing.signatures(visit.campaign, wanted, visit.place(PLACE_OF_SIGNATURE), ROWS_SHOWN)
    roster = wired.wiring.catalog.entry(visit.campaign).roster
    return show(dashboard.signatures(visit.viewer(), found, wanted, roster, cursor_of(found.next_place)))


@pages.post("/signatures", "manage")
def find_signature(visit: Visit) -> Response[str]:
    """Lead to the letter of an e-mail address; posted, so that no address shows in an address."""
    email = visit.posted("email")
    found = wired.organizing.signed_with(visit.campaign, email, Wanted())
    if found.items:
        return moved(f"{HOME}/signatures/{found.items[0].signer}")
    return done("none-found", "/signatures")


@pages.get("/signatures/<signer>", "manage")
def signature(visit: Visit, signer: str) -> Response[str]:
    """Show a letter and what can be done about it."""
    row = wired.organizing.signature(visit.campaign, signer)
    roster = wired.wiring.catalog.entry(visit.campaign).roster
    return show(dashboard.signature(visit.viewer(), row, roster))


@pages.get("/exports", "manage")
def exports(visit: Visit) -> Response[str]:
    """Show the files that there are, and the form that asks for one."""
    roster = wired.wiring.catalog.entry(visit.campaign).roster
    return show(dashboard.exports(visit.viewer(), wired.wiring.exporting().recent(visit.campaign), roster))


@pages.post("/exports", "manage")
def ask_for_export(visit: Visit) -> Response[str]:
    """Ask for a file."""
    target, status = visit.posted("target"), visit.posted("status")
    wanted = ExportFilter(target or None, next((known for known in EXPORTED if known == status), None))
    wired.wiring.exporting().ask(visit.campaign, wanted, visit.by)
    return done("asked", "/exports")


@pages.get("/exports/<export>", "manage")
def fetch_export(visit: Visit, export: str) -> Response[str]:
    """Lead to a file."""
    exporting = wired.wiring.exporting()
    return moved(exporting.link(exporting.export(visit.campaign, export)), status=302)


@pages.get("/audit", "manage")
def audit(visit: Visit) -> Response[str]:
    """Show what organizers did."""
    found = wired.organizing.audit(visit.campaign, visit.place(PLACE_IN_AUDIT), ROWS_SHOWN)
    return show(dashboard.audit(visit.viewer(), found.items, cursor_of(found.next_place)))
