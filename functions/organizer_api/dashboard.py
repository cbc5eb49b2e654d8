"""The dashboard's pages: how a campaign stands, its deliveries, its letters, its files, and what was done."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, get_args

from functions.organizer_api import deliveries as api_deliveries
from functions.organizer_api import next_deliveries, wired
from functions.organizer_api.campaign import PLACE_IN_AUDIT
from functions.organizer_api.routes import cursor_of
from functions.organizer_api.session import HOME, DashboardRequest, Pages, done, show
from functions.organizer_api.signatures import PLACE as PLACE_OF_SIGNATURE
from undersigned.domain.campaigns import ID_PATTERN
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.exports import EXPORTED, ExportFilter
from undersigned.domain.providers import Provider
from undersigned.domain.signatures import ReportedStatus
from undersigned.services.organizing import Wanted
from undersigned.web import dashboard
from undersigned.web.answers import moved

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

pages = Pages()

TARGETS_SHOWN = 50
ROWS_SHOWN = 25


@pages.get("", "read")
def overview(request: DashboardRequest) -> Response[str]:
    """Show how a campaign stands, and what needs somebody."""
    organizing = wired.organizing
    domains = organizing.mail_domains(request.campaign)
    return show(
        dashboard.overview(
            request.viewer(),
            organizing.overview(request.campaign),
            organizing.counts(request.campaign, "day").by,
            organizing.targets(request.campaign, request.place(ID_PATTERN), TARGETS_SHOWN),
            [Provider(name, domain.signed, domain.confirmed) for name, domain in domains.items()],
            period=wired.stack.period(),
            sort=request.choice("sort", dashboard.COLUMNS) or "recipient",
            descending=request.choice("order", ("ascending", "descending")) == "descending",
            cursor_of=cursor_of,
        )
    )


@pages.get("/targets/<target>", "read")
def target(request: DashboardRequest, target: str) -> Response[str]:
    """Show an addressee: what waits, what was sent, and what can be done."""
    history, _ = wired.organizing.history(request.campaign, target, None, None, ROWS_SHOWN)
    return show(dashboard.target(request.viewer(), wired.organizing.target(request.campaign, target), history))


@pages.get("/targets/<target>/next", "manage")
def preview(request: DashboardRequest, target: str) -> Response[str]:
    """Show the mail that would go to an addressee now."""
    made = next_deliveries.preview_of(request, target)
    return show(dashboard.preview(request.viewer(), made, date.fromisoformat(wired.stack.period())))


@pages.get("/targets/<target>/next/mail", "manage")
def preview_mail(request: DashboardRequest, target: str) -> Response[bytes]:
    """Hand over that mail as a file."""
    return next_deliveries.preview_mail(request, target)


@pages.get("/targets/<target>/next/packets/<number>", "manage")
def preview_packet(request: DashboardRequest, target: str, number: str) -> Response[bytes]:
    """Hand over one of its packets."""
    return next_deliveries.preview_packet(request, target, number)


@pages.get("/deliveries", "read")
def deliveries(request: DashboardRequest) -> Response[str]:
    """Show what was sent, the newest first."""
    after = api_deliveries.after(request)
    found, last = wired.organizing.history(request.campaign, None, None, after, ROWS_SHOWN)
    roster = wired.stack.catalog.entry(request.campaign).roster
    return show(dashboard.deliveries(request.viewer(), found, roster, cursor_of(api_deliveries.place_of(last))))


@pages.get("/deliveries/<period>/<target>", "read")
def delivery(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Show one delivery: its packets, and what became of its mail."""
    record = wired.organizing.delivery(DeliveryKey(request.campaign, target, period))
    return show(dashboard.delivery(request.viewer(), record, wired.organizing.target(request.campaign, target)))


@pages.get("/deliveries/<period>/<target>/packets/<number>", "manage")
def packet(request: DashboardRequest, period: str, target: str, number: str) -> Response[str]:
    """Lead to a packet's PDF."""
    return api_deliveries.fetch_packet(request, period, target, number)


@pages.get("/signatures", "manage")
def signatures(request: DashboardRequest) -> Response[str]:
    """Show letters, newest first."""
    wanted = Wanted(request.named("target"), request.choice("status", get_args(ReportedStatus)))
    found = wired.organizing.signatures(request.campaign, wanted, request.place(PLACE_OF_SIGNATURE), ROWS_SHOWN)
    roster = wired.stack.catalog.entry(request.campaign).roster
    return show(dashboard.signatures(request.viewer(), found, wanted, roster, cursor_of(found.next_place)))


@pages.post("/signatures", "manage")
def find_signature(request: DashboardRequest) -> Response[str]:
    """Lead to the letter of an e-mail address; posted, so that no address shows in an address."""
    email = request.posted("email")
    found = wired.organizing.signed_with(request.campaign, email, Wanted())
    if found.items:
        return moved(f"{HOME}/signatures/{found.items[0].signer}")
    return done("none-found", "/signatures")


@pages.get("/signatures/<signer>", "manage")
def signature(request: DashboardRequest, signer: str) -> Response[str]:
    """Show a letter and what can be done about it."""
    row = wired.organizing.signature(request.campaign, signer)
    roster = wired.stack.catalog.entry(request.campaign).roster
    return show(dashboard.signature(request.viewer(), row, roster))


@pages.get("/exports", "manage")
def exports(request: DashboardRequest) -> Response[str]:
    """Show the files that there are, and the form that asks for one."""
    roster = wired.stack.catalog.entry(request.campaign).roster
    return show(dashboard.exports(request.viewer(), wired.stack.exporting().recent(request.campaign), roster))


@pages.post("/exports", "manage")
def ask_for_export(request: DashboardRequest) -> Response[str]:
    """Ask for a file."""
    target, status = request.posted("target"), request.posted("status")
    wanted = ExportFilter(target or None, next((known for known in EXPORTED if known == status), None))
    wired.stack.exporting().ask(request.campaign, wanted, request.by)
    return done("asked", "/exports")


@pages.get("/exports/<export>", "manage")
def fetch_export(request: DashboardRequest, export: str) -> Response[str]:
    """Lead to a file."""
    exporting = wired.stack.exporting()
    return moved(exporting.link(exporting.export(request.campaign, export)), status=302)


@pages.get("/audit", "manage")
def audit(request: DashboardRequest) -> Response[str]:
    """Show what organizers did."""
    found = wired.organizing.audit(request.campaign, request.place(PLACE_IN_AUDIT), ROWS_SHOWN)
    return show(dashboard.audit(request.viewer(), found.items, cursor_of(found.next_place)))
