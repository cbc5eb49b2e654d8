"""Scenarios: weeks of a campaign in which signers, organizers, the schedule and SES do everything at least once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.faults.platform import Fate, Platform
from tests.world import ADA, CAMPAIGN
from undersigned.domain.api_keys import ApiKey, digest_of
from undersigned.domain.signatures import signer_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.platform import Platform
    from tests.world import Answer, Sent

EVANSTON, WILMETTE = "60201", "60091"
ONE_DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
KEY = "us_manage"
STROKES = "[[10,10,300,150,500,20]]"


@dataclass(frozen=True)
class Person:
    """A signer with an address of their own."""

    name: str
    postal_code: str

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@signers.example"

    @property
    def address(self) -> str:
        return f"7 {self.name} Place"


type Arrivals = dict[Person, int]
"""How many times each person's letter must have arrived in the end."""


@dataclass(frozen=True)
class Acts:
    """What people do. The platform handles AWS around it."""

    platform: Platform

    def sign(self, person: Person, **changes: object) -> None:
        world = self.platform.world
        token = world.form()
        values = {
            **ADA,
            "name": person.name,
            "signature": person.name,
            "email": person.email,
            "address_line": person.address,
            "postal_code": person.postal_code,
            "form": token,
            **changes,
        }
        path = f"/campaigns/{CAMPAIGN}/signatures"
        assert self.platform.person(lambda: world.post(path, values)).status == 303

    def mail_to(self, person: Person) -> Sent:
        """Return the last email to a person."""
        return [mail for mail in self.platform.world.sent if mail.to == person.email][-1]

    def confirm(self, person: Person) -> None:
        link = self.mail_to(person).link("confirm")
        assert self.get(link).status == 200
        assert self.platform.person(lambda: self.platform.world.post(link)).status == 303

    def sign_and_confirm(self, *people: Person) -> None:
        for person in people:
            self.sign(person)
        self.platform.settle()
        for person in people:
            self.confirm(person)
        self.platform.settle()

    def withdraw(self, person: Person) -> None:
        path = f"{self.own_page(person)}/withdraw"
        assert self.platform.person(lambda: self.platform.world.post(path)).status == 200

    def end_links(self, person: Person) -> None:
        """End a person's links. A second try may find that the first one worked."""
        path = f"{self.own_page(person)}/end-links"
        assert self.platform.person(lambda: self.platform.world.post(path)).status in {200, 410}

    def own_page(self, person: Person) -> str:
        """Return the path of a letter's own page."""
        tokens = self.platform.world.wiring.tokens
        return f"/letters/{tokens.for_signer('letter', CAMPAIGN, signer(self.platform, person))}"

    def get(self, path: str, **options: Any) -> Answer:
        return self.platform.person(lambda: self.platform.world.get(path, **options))

    def state_of(self, person: Person) -> Any:
        return self.get(self.own_page(person), as_json=True).json

    def week(self, at: datetime, *, report: bool = False) -> None:
        """Run the schedules: the plan on a Monday and the report a day later, with all that follows."""
        self._run("plan_deliveries", at)
        if report:
            self._run("report_deliveries", at + ONE_DAY)

    def reconcile(self, days: int) -> None:
        """Run the reconciliation once on each of the next days, a little more than a day after the last change."""
        for _ in range(days):
            self._run("reconcile", self.platform.world.clock.now + timedelta(hours=26))

    def _run(self, function: str, at: datetime) -> None:
        clock = self.platform.world.clock
        clock.now = max(at, clock.now)
        self.platform.run_schedule(function)
        self.platform.settle()

    def organizer(self, method: str, path: str, values: object = None, *, key: str = KEY) -> Answer:
        """Send an organizer's request to the API. A second try may find that the first one worked."""
        world = self.platform.world
        return self.platform.person(
            lambda: world.request(
                method,
                f"/organizer/campaigns/{CAMPAIGN}{path}",
                values,
                headers={"authorization": f"Bearer {key}"},
                as_json=True,
            )
        )

    def correct(self, target: str, **changes: Any) -> None:
        """Give a target another email address or name, as `undersigned campaign push` does."""
        campaigns = self.platform.world.wiring.campaigns
        found = campaigns.target(CAMPAIGN, target)
        assert found
        campaigns.put_target(CAMPAIGN, replace(found, **changes))


def a_week(platform: Platform) -> Arrivals:
    """Letters are signed, confirmed, sealed, typeset, stored, sent and reported."""
    acts = Acts(platform)
    ada, bo, cy = (Person(name, EVANSTON) for name in ("Ada", "Bo", "Cy"))
    acts.sign_and_confirm(ada, bo, cy)
    acts.week(MONDAY, report=True)
    assert acts.state_of(ada)["delivery"] == "delivered"
    assert acts.get(f"/campaigns/{CAMPAIGN}/count", as_json=True).json["signatures"] == 3
    return dict.fromkeys((ada, bo, cy), 1)


def second_thoughts(platform: Platform) -> Arrivals:
    """People sign twice, sign again later, withdraw a letter, look like a bot, or never confirm."""
    world, acts = platform.world, Acts(platform)
    ada, cy, eve, fay, gus = (Person(name, EVANSTON) for name in ("Ada", "Cy", "Eve", "Fay", "Gus"))
    acts.get(f"/campaigns/{CAMPAIGN}")
    acts.sign(gus, topic="looks like a bot's")
    acts.sign(cy, note="Not my last words.")
    acts.sign(cy, note="My last words.")
    acts.sign(fay)
    # SES refuses for a while: the emails wait in a queue, which fails once, too.
    world.throttles = 12
    platform.refusals["SendConfirmations", "sqs:SendMessage"] = [*[""] * 6, "InternalError"]
    acts.sign_and_confirm(ada, eve)
    for person in (gus, cy):
        acts.confirm(person)
    acts.sign(ada)
    acts.withdraw(eve)
    platform.settle()
    acts.week(MONDAY)
    acts.end_links(cy)
    world.clock.advance(days=14)
    platform.expire()
    platform.settle()
    return {ada: 1, cy: 1, gus: 1, eve: 0, fay: 0}


def a_bounced_email(platform: Platform) -> Arrivals:
    """An address takes no email; the organizer corrects it and sends the letters again."""
    acts = Acts(platform)
    create_key(platform)
    dee, kit = Person("Dee", WILMETTE), Person("Kit", WILMETTE)
    platform.refused_addresses.add("chief@wilmette-police.example")
    platform.refusals["RecordFeedback", "dynamodb:UpdateItem"] = ["InternalServerError"]
    acts.sign_and_confirm(dee)
    acts.week(MONDAY)
    acts.sign_and_confirm(kit)
    acts.correct("wilmette", email="corrected@wilmette-police.example")
    platform.refusals["Deliver", "sesv2:SendEmail"] = ["BadRequestException"]
    acts.organizer("POST", "/deliveries/2026-11-30/wilmette/retry", {})
    platform.settle()
    acts.week(MONDAY + 7 * ONE_DAY)
    assert acts.state_of(dee)["delivery"] == "delivered"
    return {dee: 1, kit: 1}


def an_approval(platform: Platform) -> Arrivals:
    """Each week needs an approval: by the link in the email, or through the API. Packets are linked, not attached."""
    world, acts = platform.world, Acts(platform)
    create_key(platform)
    require_approval(platform)
    ida, opal = Person("Ida", EVANSTON), Person("Opal", EVANSTON)
    acts.sign_and_confirm(ida)
    acts.organizer("POST", "/targets/evanston/test", {})
    acts.organizer("GET", "/deliveries/next")
    platform.settle()
    acts.week(MONDAY)
    link = [mail for mail in world.sent if mail.tags["kind"] == "approval"][-1].link("organizer/approve")
    assert acts.get(link).status == 200
    assert platform.person(lambda: world.post(link)).status in {200, 303}
    platform.settle()
    [delivery] = world.deliveries
    assert acts.get(delivery.link("packets")).status == 200
    assert acts.get(f"{delivery.link('packets')}/1").status == 302
    acts.organizer("POST", "/pause", {})
    acts.sign_and_confirm(opal)
    world.throttles = 8
    acts.week(MONDAY + 7 * ONE_DAY)
    acts.organizer("POST", "/resume", {})
    acts.organizer("POST", "/deliveries/2026-12-07/approve", {})
    platform.settle()
    return {ida: 1, opal: 1}


def letters_are_removed(platform: Platform) -> Arrivals:
    """Letters are removed while they wait, after a bounce and after they arrived; a target is held and released; a
    quarantined letter is released.
    """
    acts = Acts(platform)
    create_key(platform)
    kim, mo, lee = Person("Kim", WILMETTE), Person("Mo", EVANSTON), Person("Lee", EVANSTON)
    ned, pat, rae = (Person(name, EVANSTON) for name in ("Ned", "Pat", "Rae"))
    platform.refused_addresses.add("chief@evanston-police.example")
    acts.sign(mo, topic="looks like a bot's", drawing=STROKES)
    acts.sign_and_confirm(kim, lee, ned, pat, rae)
    acts.organizer("POST", f"/signatures/{signer(platform, mo)}/release", {})
    platform.settle()
    acts.confirm(mo)
    acts.organizer("DELETE", f"/signatures/{signer(platform, lee)}", {"why": "asked for it"})
    acts.organizer("POST", "/targets/wilmette/hold", {"why": "the office changes"})
    acts.week(MONDAY)
    acts.organizer("DELETE", f"/signatures/{signer(platform, ned)}", {"why": "asked for it"})
    acts.correct("evanston", email="corrected@evanston-police.example")
    acts.organizer("POST", "/deliveries/2026-11-30/evanston/retry", {})
    acts.organizer("POST", "/targets/wilmette/release", {})
    acts.week(MONDAY + 7 * ONE_DAY)
    acts.organizer("DELETE", f"/signatures/{signer(platform, rae)}", {"why": "asked for it"})
    platform.settle()
    return {kim: 1, mo: 1, pat: 1, rae: 1, lee: 0, ned: 0}


def an_organizers_visit(platform: Platform) -> Arrivals:
    """An organizer signs in, lists, exports, and reads what was sent to a new chief, whose office complains.

    Somebody tries a wrong key.
    """
    acts = Acts(platform)
    create_key(platform)
    ida = Person("Ida", EVANSTON)
    acts.sign_and_confirm(ida)
    acts.organizer("GET", "", key="us_nothing")
    use_dashboard(acts)
    export = acts.organizer("POST", "/exports", {}).json
    platform.refusals["ExportSignatures", "s3:CompleteMultipartUpload"] = ["InternalError"]
    platform.settle()
    assert acts.organizer("GET", f"/exports/{export['id']}").json["state"] == "done"
    acts.correct("evanston", name="Robin Specimen")
    platform.fate_of = lambda sent: Fate(("send", "delivery", "complaint")) if sent.tags["kind"] == "delivery" else None
    acts.week(MONDAY)
    acts.organizer("POST", "/targets/evanston/release", {})
    for path in ("", "/targets", "/counts", "/audit", "/exports", "/signatures", "/deliveries"):
        assert acts.organizer("GET", path).status == 200
    assert acts.organizer("GET", f"/signatures/{signer(platform, ida)}").status == 200
    for path in ("", "/packets/1"):
        assert acts.organizer("GET", f"/deliveries/2026-11-30/evanston{path}").status in {200, 302}
    return {ida: 1}


def a_forgotten_day(platform: Platform) -> Arrivals:
    """The stream forgets what its readers should have read, SES refuses an address, a delivery loses its message."""
    world, acts = platform.world, Acts(platform)
    ada, bo, gus = (Person(name, EVANSTON) for name in ("Ada", "Bo", "Gus"))
    platform.refusals["SendConfirmations", "sesv2:SendEmail"] = ["BadRequestException"]
    acts.sign(gus)
    platform.settle()
    acts.sign(bo)
    platform.settle()
    acts.sign(ada)
    acts.confirm(bo)
    platform.forget_stream()
    acts.reconcile(days=2)
    acts.confirm(ada)
    platform.forget_stream()
    platform.refusals["Deliver", "sesv2:SendEmail"] = ["BadRequestException"]
    world.clock.now = MONDAY
    platform.run_schedule("plan_deliveries")
    platform.lose_messages("deliver")
    acts.reconcile(days=1)
    # If the delivery had not begun when its message was lost, the next plan makes it.
    acts.week(MONDAY + 7 * ONE_DAY)
    acts.reconcile(days=1)
    return {ada: 1, bo: 1, gus: 0}


def create_key(platform: Platform) -> None:
    """Create an organizer's key, as `undersigned key create` does."""
    platform.world.wiring.api_keys.put_api_key(ApiKey(CAMPAIGN, digest_of(KEY), "manage", "", MONDAY))


def require_approval(platform: Platform) -> None:
    """Make the campaign's deliveries need an approval, as `undersigned campaign push` does."""
    campaigns = platform.world.wiring.campaigns
    campaign = campaigns.campaign(CAMPAIGN)
    assert campaign
    organizer = replace(campaign.organizer, email="organizer@enddemand.example")
    campaigns.put_campaign(replace(campaign, approval=True, organizer=organizer))


def signer(platform: Platform, person: Person) -> str:
    """Return a person's signer id."""
    return signer_id(platform.world.wiring.secret(), person.email)


def was_erased(platform: Platform, person: Person) -> bool:
    """Return whether a person's letter was erased."""
    row = platform.world.wiring.signatures.signature(CAMPAIGN, signer(platform, person))
    return row is not None and row.status == "erased"


def use_dashboard(acts: Acts) -> None:
    """Sign in, look around and sign out."""
    world, person = acts.platform.world, acts.platform.person
    same_site = {"sec-fetch-site": "same-origin"}
    credentials = {"campaign": CAMPAIGN, "key": KEY}
    answer = person(lambda: world.post("/organizer/session", credentials, headers=same_site))
    cookies = [cookie.partition(";")[0] for cookie in answer.cookies]
    for path in ("", "/signatures", "/deliveries"):
        assert acts.get(f"/organizer{path}", cookies=cookies).status == 200
    person(lambda: world.post("/organizer/sign-out", headers=same_site, cookies=cookies))


@dataclass(frozen=True)
class Scenario:
    """What is played, to which targets, and how many bytes of PDFs an email holds before it links to them."""

    play: Callable[[Platform], Arrivals]
    targets: tuple[str, ...] = ("evanston",)
    attachment_limit: int = 7_000_000


SCENARIOS = {
    "a week": Scenario(a_week),
    "second thoughts": Scenario(second_thoughts),
    "a bounced email": Scenario(a_bounced_email, ("wilmette",)),
    "an approval": Scenario(an_approval, attachment_limit=0),
    "letters are removed": Scenario(letters_are_removed, ("evanston", "wilmette")),
    "an organizer's visit": Scenario(an_organizers_visit),
    "a forgotten day": Scenario(a_forgotten_day),
}
