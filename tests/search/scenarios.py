"""Scenarios: weeks of a campaign in which signers, organizers, the schedule and SES do everything at least once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from tests.search.invariants import stored_text
from tests.search.platform import Fate, Platform
from tests.search.stored import kinds_in
from tests.search.weathers import WEATHERS
from tests.support.cast import KEY, Cast
from tests.support.organizers import Browser, code_in, someone
from tests.support.packets import links_of_office
from tests.support.workshop import author_of
from tests.support.world import ADMINISTRATOR, CAMPAIGN, DASHBOARD, NOWHERE, Answer, client_of
from undersigned.base.limits import Limits
from undersigned.base.table import Update
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import counter_key
from undersigned.delivering.rows.tellings import Tellings
from undersigned.people import membership
from undersigned.people.keys import make_key
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rows.people import People
from undersigned.people.rules.people import person_id
from undersigned.signing.rows.disowned import Disowned
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import Signature, signer_id
from undersigned.workshop import drafting, publishing
from undersigned.workshop.rows.drafts import Drafts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.search.platform import Platform
    from tests.support.world import Sent

EVANSTON, WILMETTE = "60201", "60091"
ONE_DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
OWNER, MARIA = "owner@enddemand.example", "maria@enddemand.example"
_OPERATORS_TRIES = 5
_AN_HOUR = 3600.0
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


class Acts(Cast[Person, Answer]):
    """What people do, who try again after an error. The platform handles AWS around it."""

    def __init__(self, platform: Platform) -> None:
        """Gather around a platform."""
        super().__init__(platform.world, lambda _name, act: platform.person(act), role="owner")
        self.platform = platform

    def sign(self, person: Person, name: str = "", **typed: Any) -> Answer:
        """Sign as a person who lives where they do."""
        own = {"address_line": person.address, "postal_code": person.postal_code, **typed}
        page = super().sign(person, name or person.name, **own)
        assert page.status == 200
        return page

    def mails_to(self, person: Person) -> list[Sent]:
        """Return the emails to a person, the last one last."""
        return [mail for mail in self.platform.world.sent if mail.to == person.email]

    def confirm(self, person: Person, mail: Sent | None = None) -> None:
        """Confirm a letter by the link in a person's last email, or in another one."""
        self._open_link((mail or self._last_mail(person)).link("confirm"))

    def disown(self, person: Person) -> None:
        """Press "I didn't sign this" as the person whose address is in a form."""
        self._open_link(self._last_mail(person).link("disown"))

    def _open_link(self, link: str) -> None:
        assert self.get(link).status == 200
        assert self.press_link(link).status == 200

    def _last_mail(self, person: Person) -> Sent:
        for _ in range(_OPERATORS_TRIES):
            if not self.mails_to(person):
                # In bad weather a batch comes again, and is counted again: its budget may have no room until tomorrow.
                self.platform.world.clock.advance(days=1)
                self.send_postponed()
        return self.mails_to(person)[-1]

    def sign_and_confirm(self, *people: Person) -> None:
        for person in people:
            self.sign(person)
        self.platform.settle()
        for person in people:
            self.confirm(person)
        self.platform.settle()

    def list_packets(self) -> None:
        """Open both pages that list the packets of the last delivery."""
        first = self.platform.world.deliveries[-1].link("packets")
        assert [self.get(path).status for path in (first, f"{first}/pages/2")] == [200, 200]

    def get(self, path: str, **options: Any) -> Answer:
        return self.platform.person(lambda: self.platform.world.get(path, **options))

    def is_told(self, person: Person, outcome: str) -> bool:
        """Return whether a letter's own page tells the outcome, unless SES's event about it may be lost."""
        told = self.get(self.platform.world.own_page(person.email), as_json=True).json["delivery"]
        return bool(told == outcome or self.platform.faults.lost_events)

    def week(self, at: datetime, *, report: bool = False) -> None:
        """Run the hour in which a plan is due, and the one of the report a day later, with all that follows.

        The run before knows the campaign: for one that no run knew, the next slot is the first.
        """
        self._run("run_jobs", lambda: self.platform.world.run_job("plan"), at - timedelta(hours=1))
        self._run("run_jobs", lambda: self.platform.world.run_job("plan"), at)
        if report:
            self._run("run_jobs", lambda: self.platform.world.run_job("report"), at + ONE_DAY)

    def send_postponed(self) -> None:
        """Run the schedule of the postponed emails, an hour later."""
        at = self.platform.world.clock.now + timedelta(hours=1)
        self._run("send_confirmations", self.platform.world.run_postponed, at)

    def reconcile(self, days: int) -> None:
        """Run the reconciliation once on each of the next days, a little more than a day after the last change."""
        for _ in range(days):
            at = self.platform.world.clock.now + timedelta(hours=26)
            self._run("run_jobs", self.platform.world.begin_reconciling, at)

    def wait_for_email(self) -> None:
        """Wait until an office has an email. In bad weather, a reconciliation may have to queue its delivery again."""
        for _ in range(_OPERATORS_TRIES):
            if not self.platform.world.deliveries:
                self.reconcile(days=1)

    def _run(self, function: str, run: Callable[[], object], at: datetime) -> None:
        """Run a function as a schedule does. If it fails three times, it runs again an hour later."""
        clock, dead_letters = self.platform.world.clock, self.platform.dead_letters
        clock.now = max(at, clock.now)
        for _ in range(_OPERATORS_TRIES):
            given_up = dead_letters.count(function)
            self.platform.begin(function, run)
            self.platform.settle()
            if dead_letters.count(function) == given_up:
                return
            self.platform.sleep(_AN_HOUR)

    def revision(self, path: str) -> str:
        """Return what a delivery is now, for a decision about it."""
        return str(self.read(path).json["revision"])

    def bring(self, path: str) -> None:
        """Record that an office got the letters of a delivery by hand, once they are ready to print."""
        for _ in range(_OPERATORS_TRIES):
            if self.read(path).json["state"] != "sent":
                self.reconcile(days=1)
        self.hand_over(path, self.revision(path), "2026-11-30", "at the desk")
        # A write whose answer was lost is refused when it is repeated: the delivery has just changed. A person looks.
        assert self.read(path).json["state"] == "delivered"

    def settle(self) -> None:
        """Say that Evanston's delivery was sent, as it is now."""
        path = "/deliveries/2026-11-30/evanston"
        self.decide(path, "settle-as-sent", revision=self.revision(path))

    def answered(self) -> Any:
        """Return what Evanston's chief answered."""
        return next(each["answer"] for each in self.read("/targets").json["targets"] if each["id"] == "evanston")

    def answer(self, text: str, target: str = "evanston") -> Answer:
        """Look at what the office answered before, then save what it answers now."""
        self.answered()
        return super().answer(text, target)

    def correct(self, target: str, **changes: Any) -> None:
        """Give a target another email address or name, as `undersigned campaign push` does."""
        campaigns = Campaigns(self.platform.world.stack.table)
        found = campaigns.target(CAMPAIGN, target)
        assert found
        campaigns.put_target(CAMPAIGN, replace(found, **changes))


def a_week(platform: Platform) -> Arrivals:
    """Letters are signed, confirmed, sealed, typeset, stored, sent and reported."""
    acts = Acts(platform)
    ada, bo, cy = (Person(name, EVANSTON) for name in ("Ada", "Bo", "Cy"))
    acts.sign_and_confirm(ada, bo, cy)
    acts.week(MONDAY, report=True)
    assert acts.is_told(ada, "delivered")
    assert acts.receive("2026-11-30").status == 303
    assert acts.get(links_of_office(platform.world)[1]).status == 200
    assert "The office said on" in acts.get(acts.office()).words
    assert acts.get(f"/campaigns/{CAMPAIGN}/count", as_json=True).json["signatures"] == 3
    return dict.fromkeys((ada, bo, cy), 1)


def second_thoughts(platform: Platform) -> Arrivals:
    """People sign twice, mistype, sign again later, withdraw a letter, look like a bot, or never confirm."""
    world, acts = platform.world, Acts(platform)
    ada, cy, deb, eve, fay, gus = (Person(name, EVANSTON) for name in ("Ada", "Cy", "Deb", "Eve", "Fay", "Gus"))
    typo = Person("Typo", EVANSTON)
    acts.get(f"/campaigns/{CAMPAIGN}")
    acts.sign(gus, topic="looks like a bot's")
    acts.sign(cy, note="Not my last words.")
    acts.sign(cy, note="My last words.", updates="yes")
    acts.sign(fay)
    for note in ("My words.", "Somebody else's words."):
        acts.sign(deb, note=note)
    acts.sign(typo)
    # SES refuses for a while: the emails wait in a queue, which fails the stream's reader once, and its own once.
    world.throttles = 12
    platform.refusals["SendConfirmations", "sqs:SendMessage"] = ["InternalError", "", "InternalError"]
    acts.sign_and_confirm(ada, eve)
    for person in (gus, cy):
        acts.confirm(person)
    acts.confirm(deb, acts.mails_to(deb)[0])
    acts.sign(ada)
    assert acts.withdraw(eve).status == 200
    assert acts.end_news(cy).status == 200
    platform.settle()
    acts.week(MONDAY)
    # Fay's first form expires while the second one waits.
    world.clock.advance(days=7, hours=3)
    acts.sign(fay, note="Once more.")
    platform.settle()
    acts.reconcile(days=1)
    world.clock.advance(days=14)
    platform.expire()
    platform.settle()
    return {ada: 1, cy: 1, deb: 1, gus: 1, eve: 0, fay: 0, typo: 0}


def a_bounced_email(platform: Platform) -> Arrivals:
    """An address takes no email; the organizer corrects it and sends again. Then: close unsent, and again."""
    acts = Acts(platform)
    create_key(platform)
    dee, kit = Person("Dee", WILMETTE), Person("Kit", WILMETTE)
    platform.refused_addresses.add("chief@wilmette-police.example")
    platform.refusals["RecordFeedback", "dynamodb:UpdateItem"] = ["InternalServerError"]
    acts.sign_and_confirm(dee)
    acts.week(MONDAY)
    acts.sign_and_confirm(kit)
    acts.set_address("corrected@wilmette-police.example", "wilmette")
    platform.refusals["Deliver", "sesv2:SendEmail"] = ["BadRequestException"]
    acts.retry("/deliveries/2026-11-30/wilmette")
    platform.settle()
    acts.week(MONDAY + 7 * ONE_DAY)
    assert acts.is_told(dee, "delivered")
    lou = Person("Lou", WILMETTE)
    platform.refused_addresses.add("corrected@wilmette-police.example")
    acts.sign_and_confirm(lou)
    acts.week(MONDAY + 14 * ONE_DAY)
    path = "/deliveries/2026-12-14/wilmette"
    acts.decide(path, "close-unsent", why="nobody is there", revision=acts.revision(path))
    platform.refused_addresses.clear()
    acts.retry(path)
    platform.settle()
    return {dee: 1, kit: 1, lou: 1}


def an_office_stops(platform: Platform) -> Arrivals:
    """An office stops the emails; a letter waits until the organizer, who is told once, lifts the stop."""
    acts, world = Acts(platform), platform.world
    create_key(platform)
    moe, sal = Person("Moe", EVANSTON), Person("Sal", EVANSTON)
    acts.sign_and_confirm(moe)
    acts.week(MONDAY)
    # An office stops by the link in an email.
    acts.wait_for_email()
    assert acts.get(acts.office()).status == 200
    assert acts.stop(reason="Use our form.").status == 200
    platform.settle()
    acts.sign_and_confirm(sal)
    acts.week(MONDAY + 7 * ONE_DAY)
    assert len(world.deliveries) == 1
    # It is noted before it leaves, so a crash can cost it, and never sends a second.
    assert len(world.mails("stopped")) <= 1
    acts.lift_stop("evanston")
    platform.settle()
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").stopped is None
    acts.week(MONDAY + 14 * ONE_DAY)
    return {moe: 1, sal: 1}


def letters_by_hand(platform: Platform) -> Arrivals:
    """One office has no address. The other one's email bounces, so its letters go by hand, too.

    A packet is printed again, and an address comes back between two weeks.
    """
    acts = Acts(platform)
    create_key(platform)
    ada, bo, cy, dee = (*(Person(name, EVANSTON) for name in ("Ada", "Bo", "Cy")), Person("Dee", WILMETTE))
    evanston, wilmette = (f"/deliveries/2026-11-30/{target}" for target in ("evanston", "wilmette"))
    acts.correct("evanston", email="")
    platform.refused_addresses.add("chief@wilmette-police.example")
    acts.sign_and_confirm(ada, bo, dee)
    acts.week(MONDAY)
    acts.retry(evanston)
    platform.settle()
    acts.bring(evanston)
    acts.correct("wilmette", email="")
    acts.retry(wilmette)
    platform.settle()
    acts.correct("evanston", email="new@evanston.example")
    acts.sign_and_confirm(cy)
    acts.week(MONDAY + 7 * ONE_DAY)
    # If the request to send it again died before it was queued, the plan has queued it.
    acts.bring(wilmette)
    told = [sent.tags["period"] for sent in platform.world.mails("ready")]
    assert set(told) == {"2026-11-30"}
    # A function that dies after SES has the email, before it is recorded, sends it again.
    assert len(told) <= 1 + len(platform.crashes) or platform.visits > 1
    return dict.fromkeys((ada, bo, cy, dee), 1)


def a_large_delivery(platform: Platform) -> Arrivals:
    """Packets are on several pages. A letter is erased after its email bounced, and one after it arrived.

    While the packet is made again without it, just before it is stored, all others are erased. Which letters share a
    packet varies; if this packet has no other letter, that is so of the next one.
    """
    acts = Acts(platform)
    create_key(platform)
    people = [Person(name, EVANSTON) for name in ("Ida", "Jon", "Kay", "Lou", "Max", "Nell")]
    platform.refused_addresses.add("chief@evanston-police.example")
    platform.refusals["Deliver", "s3:PutObject"] = ["SlowDown"]
    acts.sign_and_confirm(*people)
    acts.week(MONDAY)
    acts.erase(people[1])
    acts.correct("evanston", email="corrected@evanston-police.example")
    acts.retry("/deliveries/2026-11-30/evanston")
    platform.settle()
    acts.list_packets()

    def erase_all() -> None:
        for person in people:
            acts.erase(person)

    platform.meanwhile["Deliver", "s3:PutObject"] = erase_all
    for person in (people[3], people[0]):
        acts.erase(person)
        platform.settle()
    acts.list_packets()
    return dict.fromkeys(people, 1) | {people[1]: 0}


def only_send_now(platform: Platform) -> Arrivals:
    """Letters go only when somebody presses *Send now*, who may press it again. Packets are linked, not attached."""
    world, acts = platform.world, Acts(platform)
    create_key(platform)
    campaigns = Campaigns(world.stack.table)
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), send_now_only=True))
    ida, una, opal = Person("Ida", EVANSTON), Person("Una", EVANSTON), Person("Opal", EVANSTON)
    acts.sign_and_confirm(ida)
    acts.organizer("/targets/evanston/test")
    acts.read("/deliveries/next")
    platform.settle()
    acts.week(MONDAY, report=True)
    assert world.mails("waiting")
    seen_at = platform.now
    # It comes after the page was read, so it waits for the next delivery.
    acts.sign_and_confirm(una)
    acts.send_now(seen_at)
    platform.settle()
    acts.wait_for_email()
    [delivery] = world.deliveries
    assert acts.get(delivery.link("packets")).status == 200
    assert acts.get(f"{delivery.link('packets')}/1").status == 302
    acts.pause()
    acts.sign_and_confirm(opal)
    world.throttles = 8
    acts.week(MONDAY + 8 * ONE_DAY)
    acts.resume()
    acts.send_now(platform.now)
    platform.settle()
    return {ida: 1, una: 1, opal: 1}


def a_cadence(platform: Platform) -> Arrivals:
    """Letters go on Mondays from now on. The second one is too soon on that day, and goes a week later."""
    acts, campaigns, thursday = Acts(platform), Campaigns(platform.world.stack.table), MONDAY - 4 * ONE_DAY
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), deliver_on="THU"))
    abe, bea = Person("Abe", EVANSTON), Person("Bea", EVANSTON)
    acts.sign_and_confirm(abe)
    acts.week(thursday, report=True)
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), deliver_on="MON"))
    acts.sign_and_confirm(bea)
    acts.week(MONDAY)
    assert len(platform.world.deliveries) == 1
    acts.week(MONDAY + 7 * ONE_DAY)
    return {abe: 1, bea: 1}


def letters_are_erased(platform: Platform) -> Arrivals:
    """Letters are erased while they wait, after a bounce and after they arrived; a target is held and released; a
    quarantined letter is released. Those that a program confirmed are put on hold, one is released, the other erased.
    """
    acts = Acts(platform)
    create_key(platform)
    kim, mo, lee = Person("Kim", WILMETTE), Person("Mo", EVANSTON), Person("Lee", EVANSTON)
    ned, pat, rae, sue, tom = (Person(name, EVANSTON) for name in ("Ned", "Pat", "Rae", "Sue", "Tom"))
    platform.refused_addresses.add("chief@evanston-police.example")
    acts.sign(mo, topic="looks like a bot's", drawing=STROKES)
    for person in (sue, tom):
        acts.sign(person, topic="looks like a bot's")
    acts.sign_and_confirm(kim, lee, ned, pat, rae)
    for person in (sue, tom):
        acts.confirm(person)
    acts.release_letter(mo)
    platform.settle()
    acts.confirm(mo)
    assert platform.person(lambda: someone(platform.world, "editor").see("/screening")).status == 200
    acts.organizer("/screening", {"suspicion": "trap", "action": "hold", "why": "a program"})
    acts.erase(lee)
    acts.organizer("/targets/wilmette/on-paper", {"letters": "80"})
    acts.hold("wilmette")
    acts.week(MONDAY)
    acts.erase(ned)
    acts.release_letter(tom)
    acts.organizer("/screening", {"on_hold": "yes", "action": "erase", "why": "a program"})
    acts.correct("evanston", email="corrected@evanston-police.example")
    acts.retry("/deliveries/2026-11-30/evanston")
    acts.release("wilmette")
    acts.week(MONDAY + 7 * ONE_DAY)
    acts.erase(rae)
    acts.sign(lee)
    platform.settle()
    platform.world.clock.advance(days=15)
    platform.expire()
    acts.reconcile(days=1)
    assert was_erased(platform, lee)
    return {kim: 1, mo: 1, pat: 1, rae: 1, tom: 1, lee: 0, ned: 0, sue: 0}


def emails_that_wait(platform: Platform) -> Arrivals:
    """A suspicious form's email waits until its share has room. One bounces, and one has no mailbox to go to."""
    acts = Acts(platform)
    una, vic, wes, xia = (Person(name, EVANSTON) for name in ("Una", "Vic", "Wes", "Xia"))
    set_limits(platform, "0 100 100 100")
    platform.refused_addresses.add(wes.email)
    acts.sign(una, topic="looks like a bot's")
    acts.sign(vic)
    acts.sign(wes)
    acts.sign(xia, email=f"xia@{NOWHERE}")
    platform.settle()
    acts.confirm(vic)
    set_limits(platform, "10 100 100 100")
    acts.send_postponed()
    acts.confirm(una)
    platform.settle()
    acts.week(MONDAY)
    return {una: 1, vic: 1, wes: 0, xia: 0}


def people_are_reminded(platform: Platform) -> Arrivals:
    """Three sign. One confirms at once, one is reminded and confirms, and one says meanwhile that they didn't sign."""
    acts = Acts(platform)
    ada, bo, cyd = (Person(name, EVANSTON) for name in ("Ada", "Bo", "Cyd"))
    for person in (ada, bo, cyd):
        acts.sign(person)
    platform.settle()
    acts.confirm(cyd)
    others = [len(acts.mails_to(person)) for person in (bo, cyd)]
    acts.reconcile(days=2)
    acts.disown(bo)

    def is_reminded() -> bool:
        return any(str(sent.mail["Subject"]).startswith("Reminder") for sent in acts.mails_to(ada))

    # Its first email may have left late, and may have come twice.
    for _ in range(_OPERATORS_TRIES):
        acts.send_postponed()
        if not is_reminded():
            acts.reconcile(days=1)
    assert [len(acts.mails_to(person)) for person in (bo, cyd)] == others
    assert is_reminded()
    acts.confirm(ada)
    platform.settle()
    acts.week(MONDAY)
    return {ada: 1, bo: 0, cyd: 1}


def signers_are_told(platform: Platform) -> Arrivals:
    """An office answers, and three signers are to be told, of whom one then wants no news. Then it is corrected."""
    acts, world = Acts(platform), platform.world
    create_key(platform)
    people = ada, bo, cyd, dot = [Person(name, EVANSTON) for name in ("Ada", "Bo", "Cyd", "Dot")]
    for person in people:
        acts.sign(person, updates="" if person is dot else "yes")
    platform.settle()
    for person in people:
        acts.confirm(person)
    platform.settle()
    acts.week(MONDAY)
    acts.wait_for_email()
    world.clock.advance(days=4)
    platform.settle()
    if platform.faults.lost_events:
        acts.settle()
    acts.answer("They read it.")
    acts.let_tell()
    assert acts.end_news(cyd).status == 200
    for _ in range(_OPERATORS_TRIES):
        acts.send_postponed()
    acts.answer("Corrected.")
    acts.let_tell()
    acts.send_postponed()
    told = {person.name: sum(sent.tags["kind"] == "answer" for sent in acts.mails_to(person)) for person in people}
    # A mark without its email: a function crashed between both, or SES's answer was lost.
    marked = {row.words.name for row in Signatures(world.stack.table).listed_signatures(CAMPAIGN) if row.told}
    assert marked == {ada.name, bo.name}, told
    assert max(told.values()) <= 1, told
    assert not told[cyd.name] + told[dot.name], told
    assert [*Tellings(world.stack.table).all()] == []
    return dict.fromkeys(people, 1)


def a_rush(platform: Platform) -> Arrivals:
    """So many sign at once that the tally leaves new letters for later, and SES takes a few of their emails."""
    acts = Acts(platform)
    people = [Person(f"Rae{number}", EVANSTON) for number in range(10)]
    platform.refusals["SendConfirmations", "sesv2:SendEmail"] = ["", "", "TooManyRequestsException"]
    for number, person in enumerate(people):
        acts.sign(person, source=f"198.51.{number}.7")
    platform.settle()
    acts.confirm(people[0])
    acts.confirm(people[-1])
    platform.settle()
    acts.week(MONDAY)
    acts.reconcile(days=1)
    return {person: int(person in {people[0], people[-1]}) for person in people}


def set_limits(platform: Platform, limits: str) -> None:
    """Deploy other budgets of confirmation emails."""
    platform.world.variables["MAIL_BUDGETS"] = limits
    platform.world.restart("send_confirmations")


def an_organizers_visit(platform: Platform) -> Arrivals:
    """An organizer signs in, lists, exports, and reads what was sent to a new chief, whose office complains.

    Somebody tries a wrong key.
    """
    acts = Acts(platform)
    create_key(platform)
    ida = Person("Ida", EVANSTON)
    acts.sign_and_confirm(ida)
    acts.read("", key="us_nothing")
    use_dashboard(acts)
    acts.correct("evanston", name="Robin Specimen")
    platform.fate_of = lambda sent: Fate(("send", "delivery", "complaint")) if sent.tags["kind"] == "delivery" else None
    acts.week(MONDAY)
    acts.wait_for_email()
    acts.release("evanston")
    platform.refusals["ExportSignatures", "s3:CompleteMultipartUpload"] = ["InternalError"]
    export = exported(acts)
    for path in ("", "/targets", "/counts", "/exports", "/signatures", "/deliveries"):
        assert acts.read(path).status == 200
    assert acts.read(f"/signatures/{signer(platform, ida)}").status == 200
    assert acts.read("/deliveries/2026-11-30/evanston").status == 200
    cookies = someone(platform.world, "editor").cookies
    for path, status in (
        ("/audit", 200),
        (f"/exports/{export}", 302),
        ("/deliveries/2026-11-30/evanston/packets/1", 302),
    ):
        assert acts.get(f"{DASHBOARD}{path}", cookies=cookies).status == status
    acts.answer("They read it.")
    # The function that sends emails reads this answer with the campaign.
    platform.run_until(platform.world.clock.now + timedelta(minutes=2))
    acts.sign(Person("Joy", EVANSTON))
    platform.settle()
    return {ida: 1}


def exported(acts: Acts) -> str:
    """Export the letters, trying again in bad weather, and return the id of the file."""
    for _ in range(acts.platform.visits):
        acts.organizer("/exports")
        acts.platform.settle()
        # A crash leaves a request that nobody makes, in no order with the one that the person sends again.
        for export in acts.read("/exports").json["exports"]:
            if export["state"] == "done":
                return str(export["id"])
    message = "no file was made"
    raise AssertionError(message)


def an_export_meets_an_erasure(platform: Platform) -> Arrivals:
    """A letter is erased after an export, and another one while the next export is written."""
    acts = Acts(platform)
    create_key(platform)
    ada, bo, cy = (Person(name, EVANSTON) for name in ("Ada", "Bo", "Cy"))
    acts.sign_and_confirm(ada, bo, cy)
    # The index that lists letters gets each up to two minutes late.
    platform.run_until(platform.world.clock.now + timedelta(minutes=5))
    assert exported(acts)
    assert bo.address in stored_text(platform.world)
    acts.erase(bo)
    assert {export["state"] for export in acts.read("/exports").json["exports"]} <= {"erased", "failed"}
    platform.meanwhile["ExportSignatures", "s3:CompleteMultipartUpload"] = lambda: acts.erase(cy)
    acts.organizer("/exports")
    platform.settle()
    if not was_erased(platform, cy):
        # In bad weather, the export may have failed before its file was complete.
        acts.erase(cy)
    acts.week(MONDAY)
    return {ada: 1, bo: 0, cy: 0}


def somebody_elses_address(platform: Platform) -> Arrivals:
    """Three people say that they didn't sign: Dot has confirmed, so her letter stays; Cyd signs a month later.

    Then Ben says so again, and the day's emails are nearly used up for ten minutes.
    """
    acts = Acts(platform)
    ben, cyd, dot = (Person(name, EVANSTON) for name in ("Ben", "Cyd", "Dot"))
    for person in (ben, cyd, dot):
        acts.sign(person)
    platform.settle()
    acts.confirm(dot)
    for person in (ben, cyd, dot):
        acts.disown(person)
    platform.settle()
    mailed = len(acts.mails_to(ben))
    platform.world.clock.advance(days=1)
    acts.sign(ben)
    platform.settle()
    assert len(acts.mails_to(ben)) == mailed
    acts.week(MONDAY)
    platform.world.clock.advance(days=30)
    acts.sign_and_confirm(cyd)
    acts.week(MONDAY + 35 * ONE_DAY)
    acts.disown(ben)
    assert Disowned(platform.world.stack.table).total(CAMPAIGN) == 2
    assert platform.world.memory
    platform.world.memory.quota["SentLast24Hours"] = 45_000.0
    platform.world.restart("send_confirmations")
    acts.send_postponed()
    return {ben: 0, cyd: 1, dot: 1}


def a_forgotten_day(platform: Platform) -> Arrivals:
    """The stream forgets what its readers should have read, a message is damaged, SES refuses an address.

    Something else changes a counter, and takes a letter out of its tray. A delivery loses its message.
    """
    world, acts = platform.world, Acts(platform)
    client_of("sqs").send_message(QueueUrl=world.queues["WaitingMails"], MessageBody="{")
    ada, bo, gus = (Person(name, EVANSTON) for name in ("Ada", "Bo", "Gus"))
    platform.refusals["SendConfirmations", "sesv2:SendEmail"] = ["BadRequestException"]
    acts.sign(gus)
    platform.settle()
    acts.sign(bo)
    platform.settle()
    acts.sign(ada)
    acts.confirm(bo)
    platform.forget_stream()
    world.stack.table.update(Update(counter_key(CAMPAIGN, "TOTAL"), add={"signatures": 1}))
    key = Signature.locate(campaign=CAMPAIGN, signer=signer_id(world.stack.secret(), bo.email))
    world.stack.table.update(Update(key, remove=["due", "due_at"], when=Attr("due").exists()))
    # In bad weather, a run may die, or find a queue that isn't empty.
    acts.reconcile(days=2 if platform.visits == 1 else 4)
    # She got no email.
    acts.sign(ada)
    platform.settle()
    acts.confirm(ada)
    platform.forget_stream()
    platform.fate_of = lambda sent: Fate(("send", "delivery", "complaint")) if sent.tags["kind"] == "delivery" else None
    platform.refusals["Deliver", "sesv2:SendEmail"] = ["BadRequestException"]
    world.clock.now = MONDAY
    platform.begin("run_jobs", lambda: world.run_job("plan"))
    platform.lose_messages("deliver")
    acts.reconcile(days=1)
    # If the delivery had not begun when its message was lost, the next plan makes it.
    acts.week(MONDAY + 7 * ONE_DAY)
    acts.reconcile(days=1)
    return {ada: 1, bo: 1, gus: 0}


def everything_works_again(platform: Platform) -> None:
    """Go on without faults for some weeks. Nobody signs in them."""
    acts = Acts(platform)
    platform.faults = WEATHERS["calm"]()
    platform.settle()
    acts.reconcile(days=4)
    if CAMPAIGN not in Campaigns(platform.world.stack.table).campaign_ids():
        return
    send_now_only = Campaigns(platform.world.stack.table).campaign(CAMPAIGN).send_now_only
    for week in (2, 3, 4):
        acts.week(MONDAY + 7 * week * ONE_DAY)
        if send_now_only:
            acts.send_now(platform.now)
            platform.settle()


def a_time_is_over(platform: Platform) -> Arrivals:
    """Personal data goes when its time is over: of withdrawn letters, and of delivered ones after the campaign."""
    acts = Acts(platform)
    create_key(platform)
    campaigns = Campaigns(platform.world.stack.table)
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), closes=MONDAY.date(), keep_for_days=30))
    ada, bo, eve = (Person(name, EVANSTON) for name in ("Ada", "Bo", "Eve"))
    acts.sign_and_confirm(ada, bo, eve)
    assert acts.withdraw(eve).status == 200
    save_draft(acts, "settings", {"goal": "77"})
    save_draft(acts, "settings", {"goal": "78"})
    acts.week(MONDAY)
    acts.answer("They read it.")
    assert acts.stop(reason="Ask Ms. Doe.").status == 200
    platform.world.clock.advance(minutes=2)
    assert "They read it." in acts.get(f"/campaigns/{CAMPAIGN}").body
    platform.world.clock.advance(days=31)
    acts.reconcile(days=2)
    assert is_cleared(platform, eve)
    assert drafts_in(platform) == set()
    evanston = campaigns.target(CAMPAIGN, "evanston")
    assert (evanston.answer, evanston.stopped and evanston.stopped.reason) == (None, "")
    # A letter whose delivery has no outcome is kept.
    assert platform.faults.lost_events or (is_cleared(platform, ada) and is_cleared(platform, bo))
    assert acts.get(f"/campaigns/{CAMPAIGN}/count", as_json=True).json["signatures"] == 2
    return {ada: 1, bo: 1, eve: 0}


_SKOKIE = {
    "title": "Police Chief",
    "name": "Blake Placeholder",
    "department": "Skokie Police",
    "locality": "Skokie",
    "email": "chief@skokie-police.example",
    "postal_codes": "60076",
}


def a_draft_and_the_end(platform: Platform) -> Arrivals:
    """A draft is changed twice, discarded, made again and published; at last the campaign is closed and deleted."""
    world, acts = platform.world, Acts(platform)
    create_key(platform)
    ada, eve = Person("Ada", EVANSTON), Person("Eve", EVANSTON)
    discarded = save_draft(acts, "settings", {"goal": "77"})
    acts.organizer("/workshop/discard", {"revision": str(discarded)})
    assert Drafts(world.stack).draft(CAMPAIGN) is None
    world.clock.advance(minutes=1)
    first = save_draft(acts, "settings", {"goal": "78"})
    rows = fields_of(acts, "recipients")
    [evanston] = [name for name, value in rows.items() if value == "chief@evanston-police.example"]
    save_draft(acts, "recipients", {evanston: "new@evanston-police.example"})
    assert platform.person(lambda: someone(world, "editor").see(f"/workshop/versions?of={first}")).status == 200
    assert platform.person(lambda: someone(world, "editor").see("/organizer")).status == 200
    empty = next(name for name, value in rows.items() if name.endswith("-email") and not value).removesuffix("-email")
    revision = save_draft(acts, "recipients", {f"{empty}-{name}": value for name, value in _SKOKIE.items()})
    assert acts.organizer("/workshop/test-email").status == 303
    platform.settle()
    author = author_of(world)
    for _ in range(_OPERATORS_TRIES):
        assert platform.person(lambda: author.open("publish")).status == 200
        assert author.form("publish")["revision"] == str(revision)
        # A campaign that a crash left half published is another one than the page showed: a person looks again.
        if acts.press(author, "/workshop/publish", author.form("publish")).status == 303:
            break
    assert acts.get(f"/campaigns/{CAMPAIGN}/share.png").status == 200
    assert is_whole(platform)
    acts.sign(eve)
    acts.sign_and_confirm(ada)
    acts.disown(eve)
    acts.week(MONDAY)
    acts.wait_for_email()
    assert {delivery.to for delivery in world.deliveries} == {"new@evanston-police.example"}
    world.clock.advance(days=4)
    platform.settle()
    if platform.faults.lost_events:
        acts.settle()
    acts.answer("They read another letter.")
    acts.answer("")
    assert acts.answered() is None
    acts.answer("They read it.")
    acts.let_tell()
    assert acts.stop().status == 200
    acts.erase(ada)
    acts.organizer("/workshop/close", {"why": "over"})
    title = Campaigns(world.stack.table).campaign(CAMPAIGN).title
    for _ in range(_OPERATORS_TRIES):
        platform.settle()
        # The list of campaigns is an index, which may be late. Who presses again after the end would get a role again.
        if "CAMPAIGN" not in left_of_campaign(platform):
            break
        acts.organizer("/workshop/delete", {"title": title})
    assert left_of_campaign(platform) == set()
    return {}


def fields_of(acts: Acts, step: str) -> dict[str, str]:
    """Return the fields of a step of the draft."""
    author = author_of(acts.platform.world)
    assert acts.platform.person(lambda: author.open(step)).status == 200
    return author.form(step)


def save_draft(acts: Acts, step: str, changes: Mapping[str, str]) -> int:
    """Save a step of the draft, and return its revision. A second try may find that the first one worked."""
    world, author = acts.platform.world, author_of(acts.platform.world)
    assert acts.platform.person(lambda: author.open(step)).status == 200
    assert acts.platform.person(lambda: author.send(step, changes)).status in {303, 409}
    assert set(changes.values()) <= set(fields_of(acts, step).values())
    return drafting.draft_of(world.stack, CAMPAIGN).revision


def is_whole(platform: Platform) -> bool:
    """Return whether the published campaign is that of the draft, all of it."""
    stack = platform.world.stack
    return not publishing.to_publish(stack, drafting.draft_of(stack, CAMPAIGN)).changes


def left_of_campaign(platform: Platform) -> set[str]:
    """Return the kinds of rows, and the drafts, that a campaign left and that don't expire by themselves."""
    assert platform.world.memory
    kinds = kinds_in(platform.world.memory) - {"FORM", "RATE", "GONE", "MAIL_CLAIM", "MAILS", "SESSION", "SIGN_INS"}
    return kinds | drafts_in(platform)


def drafts_in(platform: Platform) -> set[str]:
    """Return the versions of drafts in the bucket."""
    assert platform.world.memory
    return {name for name in platform.world.memory.objects if name.startswith("drafts/")}


def is_cleared(platform: Platform, person: Person) -> bool:
    """Return whether a person's letter has no personal data left, because its time was over."""
    row = Signatures(platform.world.stack.table).signature(CAMPAIGN, signer(platform, person))
    return row is not None and row.cleared_at is not None and row.words.name == ""


def create_key(platform: Platform) -> None:
    """Create an organizer's key, as `undersigned key create` does."""
    platform.world.put_key(KEY, "letters")


def signer(platform: Platform, person: Person) -> str:
    """Return a person's signer id."""
    return signer_id(platform.world.stack.secret(), person.email)


def was_erased(platform: Platform, person: Person) -> bool:
    """Return whether a person's letter was erased."""
    row = Signatures(platform.world.stack.table).signature(CAMPAIGN, signer(platform, person))
    return row is not None and row.status == "erased"


def use_dashboard(acts: Acts) -> None:
    """Look around and sign out."""
    browser = someone(acts.platform.world, "editor")
    for path in ("", "/signatures", "/deliveries"):
        assert acts.get(f"{DASHBOARD}{path}", cookies=browser.cookies).status == 200
    acts.press(browser, "/organizer/sign-out")


def people_come_and_go(platform: Platform) -> Arrivals:
    """An owner signs in by email, invites Maria, who makes a key, lets Maria go, revokes a key, and signs out.

    SES throttles the first email, and somebody guesses a code. Before, the administrator discards another campaign.
    """
    world, acts = platform.world, Acts(platform)
    discards_a_campaign(acts)
    # Without an administrator, an owner goes only while there is another one.
    world.variables["ADMIN_EMAIL"] = ""
    world.restart("organizer_api")
    membership.invite(world.stack, CAMPAIGN, OWNER, "owner", "command line")
    platform.settle()
    owner, maria, stranger = Browser(world), Browser(world), Browser(world)
    world.throttles = 1
    signs_in(acts, owner, OWNER)
    acts.press(owner, "/organizer/sign-in", {"email": OWNER})
    asked = acts.press(stranger, "/organizer/sign-in", {"email": OWNER})
    acts.press(stranger, asked.headers["location"], {"code": "no code"})
    person = person_id(world.stack.secret(), MARIA)
    assert acts.press(owner, "/people", {"email": MARIA, "role": "owner"}).status == 303
    signs_in(acts, maria, MARIA)
    assert acts.press(maria, "/keys", {"scope": "counts"}).status == 200
    assert acts.press(owner, f"/people/{person}/role", {"role": "editor"}).status == 303
    for path in ("/organizer", "/people", "/keys", "/signatures"):
        assert acts.get(owner.address(path), cookies=owner.cookies).status == 200
    assert platform.person(lambda: maria.see("/people")).status == 403
    assert ApiKeys(world.stack.table).api_keys(CAMPAIGN) == (), "only owners have keys"
    assert acts.press(owner, f"/people/{person}/remove").status in {303, 404}
    assert acts.press(owner, "/keys", {"scope": "counts"}).status == 200
    for key in ApiKeys(world.stack.table).api_keys(CAMPAIGN):
        assert acts.press(owner, f"/keys/{key.digest[:12]}/revoke").status in {303, 404}
    assert platform.person(lambda: maria.see("/signatures")).status in {303, 404}
    assert acts.press(owner, "/organizer/sign-out").status == 303
    assert platform.person(lambda: owner.see("/people")).status == 303
    people = People(world.stack.table)
    assert [(member.person.email, member.role) for member in people.members(CAMPAIGN)] == [(OWNER, "owner")]
    assert people.campaigns_of(person) == ()
    assert ApiKeys(world.stack.table).api_keys(CAMPAIGN) == ()
    return {}


def discards_a_campaign(acts: Acts) -> None:
    """The administrator discards a campaign that was never published. Its people and keys go, too."""
    world, campaign = acts.platform.world, "abandoned"
    draft = drafting.create(world.stack, campaign, ADMINISTRATOR, {})
    membership.invite(world.stack, campaign, MARIA, "owner", ADMINISTRATOR)
    make_key(world.stack, campaign, "counts", "a script", ADMINISTRATOR)
    administrator = Browser(world, campaign)
    signs_in(acts, administrator, ADMINISTRATOR)
    versions = administrator.address("/workshop/versions?of=1")
    assert acts.get(versions, cookies=administrator.cookies).status == 404
    answer = acts.press(administrator, "/workshop/discard", {"revision": str(draft.revision), "title": campaign})
    assert answer.status in {303, 404}
    assert Drafts(world.stack).draft(campaign) is None
    assert world.memory
    assert kinds_in(world.memory, campaign) | {name for name in world.memory.objects if campaign in name} == set()


def signs_in(acts: Acts, browser: Browser, email: str) -> None:
    """Sign in by the code of an email, and ask for another one if it comes too late."""
    platform = acts.platform
    for _ in range(5 * platform.visits):
        asked = acts.press(browser, "/organizer/sign-in", {"email": email})
        # A code works for 15 minutes, and the platform settles when SES has told of every email.
        platform.run_until(platform.world.clock.now + timedelta(minutes=5))
        mails = [mail for mail in platform.world.sent if (mail.to, mail.tags["kind"]) == (email, "sign_in")]
        page = asked.headers["location"]
        if mails and acts.press(browser, page, {"code": code_in(mails[-1])}).status == 303:
            return
        platform.sleep(_AN_HOUR)
    message = f"{email} can't sign in"
    raise AssertionError(message)


@dataclass(frozen=True)
class Scenario:
    """A scenario: its steps, its targets, and the most bytes of PDFs that an email holds before it links to them.

    `on_page` is how many packets a page lists.
    """

    play: Callable[[Platform], Arrivals]
    targets: tuple[str, ...] = ("evanston",)
    attached: int = Limits.attached
    on_page: int = Limits.packets_on_page


SCENARIOS = {
    "a week": Scenario(a_week),
    "second thoughts": Scenario(second_thoughts),
    "a bounced email": Scenario(a_bounced_email, ("wilmette",)),
    "letters by hand": Scenario(letters_by_hand, ("evanston", "wilmette")),
    "an office stops": Scenario(an_office_stops),
    "only send now": Scenario(only_send_now, attached=0),
    "a cadence": Scenario(a_cadence),
    "letters are erased": Scenario(letters_are_erased, ("evanston", "wilmette")),
    "emails that wait": Scenario(emails_that_wait),
    "people are reminded": Scenario(people_are_reminded),
    "signers are told": Scenario(signers_are_told),
    "a rush": Scenario(a_rush),
    "an organizer's visit": Scenario(an_organizers_visit),
    "an export meets an erasure": Scenario(an_export_meets_an_erasure),
    "somebody else's address": Scenario(somebody_elses_address),
    "a forgotten day": Scenario(a_forgotten_day),
    "a time is over": Scenario(a_time_is_over),
    "a draft and the end": Scenario(a_draft_and_the_end),
    "people come and go": Scenario(people_come_and_go),
    "a large delivery": Scenario(a_large_delivery, attached=0, on_page=1),
}
