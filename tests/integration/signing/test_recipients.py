"""Recipients of every kind, from the folder to the email: everyone's, all other codes', of prefixes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.world import FORM, files_of_campaign, publish_files
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.pushing import push

if TYPE_CHECKING:
    import pytest

    from tests.support.world import World
    from undersigned.campaigns.rules.campaigns import Target

COLUMNS = "id,title,name,department,locality,email,postal_codes\n"
MAYOR = "mayor,Mayor,Ann Sample,Office of the Mayor,Springfield,mayor@springfield.example,{}\n"
SENATOR = "senator,Senator,Bo Specimen,Senate,Chicago,senator@senate.example,{}\n"


def publish(world: World, *rows: str) -> None:
    publish_files(world, {"targets.csv": COLUMNS + "".join(rows)})


def test_a_letter_to_one_person_asks_for_no_choice_and_takes_every_postal_code(world: World) -> None:
    publish(world, MAYOR.format(""))

    page = world.get(FORM).body
    assert "Your letter goes to Mayor Ann Sample." in page
    assert "Dear Mayor Ann Sample," in page
    assert "of your town" not in page
    assert "We use this to find who gets your letter" not in page
    assert 'id="towns" hidden' in page

    world.confirmed(postal_code="99999")
    world.week()
    [mail] = world.deliveries
    assert mail.mail["To"] == "mayor@springfield.example"
    assert "Signers with a postal code of" not in mail.text


def test_people_choose_by_the_office_and_its_town(world: World) -> None:
    school = "school-{0},Principal,Jo Doe,{0} School,Cambridge,{0}@schools.example,60201\n"
    town = "town,Mayor,Ann Sample,City of Springfield,Springfield,town@springfield.example,60201\n"
    publish(world, school.format("elm"), school.format("oak"), SENATOR.format("60201"), town)
    labels = ["Cambridge: elm School", "Cambridge: oak School", "Chicago: Senate", "City of Springfield"]

    for path in (FORM, f"{FORM}/targets?postal_code=60201"):
        assert [target["label"] for target in world.get(path, as_json=True).json["targets"]] == labels
    preview = world.post(f"{FORM}/preview", {"postal_code": "60201"}, as_json=True).json
    assert [target["label"] for target in preview["targets"]] == labels
    page = world.sign(postal_code="60201").body
    assert f"60201 has more than one recipient. Choose who gets your letter: {' / '.join(labels)}" in page
    assert re.findall(r'data-fill="label">([^<]+)<', page) == labels


def test_two_recipients_of_everyone_are_offered_at_once(world: World) -> None:
    publish(world, MAYOR.format(""), SENATOR.format(""))

    page = world.get(FORM).body
    assert 'id="towns" hidden' not in page
    assert 'value="mayor" id="target"' in page
    assert 'value="senator"' in page
    assert (
        "Choose who gets your letter: Springfield: Office of the Mayor / Chicago: Senate"
        in world.sign(postal_code="99999").body
    )
    assert world.sign(postal_code="99999", target="senator").status == 200


def test_one_recipient_gets_the_letters_of_all_other_codes(world: World) -> None:
    publish(world, MAYOR.format("6020*"), SENATOR.format("*"))

    def targets(code: str) -> list[str]:
        found = world.get(f"{FORM}/targets?postal_code={code}", as_json=True).json["targets"]
        return [target["id"] for target in found]

    assert [targets(code) for code in ("60205", "60210", "K1A0B1")] == [["mayor"], ["senator"], ["senator"]]


def test_where_nobody_is_served_the_form_says_where_and_whom_to_ask(world: World) -> None:
    publish(world, MAYOR.format("602*"), SENATOR.format("60601"))

    answer = world.sign(postal_code="99999")

    assert answer.status == 422
    assert (
        "This letter doesn’t cover 99999. It covers Springfield and Chicago. If you live somewhere else, write to "
        'End Demand Illinois (sample): <a href="mailto:letters@enddemand.example" target="_self">'
        "letters@enddemand.example</a>" in answer.body
    )
    short = world.sign(postal_code="9999")
    assert (short.status, "doesn’t cover" in short.body) == (422, False)
    assert "A postal code has 5 digits, such as 60601." in short.body
    assert "doesn’t cover K1A0B1" in world.sign(postal_code="K1A0B1").body
    assert "Esta carta no abarca el 99999" in world.post(f"{FORM}/preview?lang=es", {"postal_code": "99999"}).body


def test_a_packet_counts_who_gave_an_address_with_a_prefix(world: World) -> None:
    publish(world, MAYOR.format("6020*"))

    world.confirmed(postal_code="60205-1234")
    world.week()

    [mail] = world.deliveries
    assert "Signers with a postal code of Springfield  1" in mail.text


def test_a_push_writes_only_the_recipients_that_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(world, MAYOR.format("602*"), SENATOR.format("603*"))
    written: list[str] = []
    put = Campaigns.put_target

    def watched(campaigns: Campaigns, campaign: str, target: Target) -> None:
        written.append(target.id)
        put(campaigns, campaign, target)

    monkeypatch.setattr(Campaigns, "put_target", watched)
    files = files_of_campaign()
    files["targets.csv"] = COLUMNS + MAYOR.format("602*") + SENATOR.format("604*")
    push(world.stack, compile_campaign(files))

    assert written == ["senator"]
