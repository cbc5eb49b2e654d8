"""Test the API's routes of drafts, and of closing and deleting a campaign."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.authoring.trees import OTHER_VALUES
from tests.world import CAMPAIGN
from undersigned.authoring.settings_document import SettingsDocument
from undersigned.domain.people.api_keys import ApiKey, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Answer, World
    from undersigned.domain.people.api_keys import Scope

    type Ask = Callable[..., Answer]


@pytest.fixture
def ask(world: World) -> Ask:
    """Return a function that sends a request with a key of this scope."""
    scopes: tuple[Scope, ...] = ("read", "manage", "own")
    for known in scopes:
        key = ApiKey(CAMPAIGN, digest_of(f"us_{known}"), known, "", world.clock())
        world.wiring.api_keys.put_api_key(key)

    def ask(method: str, path: str, values: Any = None, scope: Scope = "manage") -> Answer:
        return world.request(
            method,
            f"/organizer/campaigns/{CAMPAIGN}{path}",
            values,
            as_json=True,
            headers={"authorization": f"Bearer us_{scope}"},
        )

    return ask


def test_a_campaign_without_a_draft_shows_its_files_and_settings(ask: Ask) -> None:
    draft = ask("GET", "/draft").json

    assert (draft["revision"], draft["published"], draft["changed_by"]) == (0, True, None)
    assert set(draft["files"]) == {"campaign.toml", "letter.md", "letter.es.md", "targets.csv"}
    assert draft["settings"]["organizer.name"] == "End Demand Illinois (sample)"


def test_a_draft_is_changed_checked_published_and_followed(ask: Ask, world: World) -> None:
    draft = ask("GET", "/draft").json
    table = draft["files"]["targets.csv"].replace("chief@evanston", "new@evanston")
    changed = ask("PUT", "/draft", {"revision": 0, "files": {"targets.csv": table}, "settings": {"goal": 77}}).json

    assert changed["settings"]["goal"] == 77
    assert ask("GET", "/draft/check").json == {
        "revision": changed["revision"],
        "mistakes": [],
        "mistakes_count": 0,
        "warnings": [],
        "notes": ask("GET", "/draft/check").json["notes"],
    }
    effects = ask("GET", "/draft/effects").json
    assert [(change["target"], change["changed"]) for change in effects["changed"]] == [("evanston", ["email"])]
    assert [change["name"] for change in effects["settings"]] == ["goal"]

    published = ask("POST", "/draft/publish", {"revision": changed["revision"], "why": "new chief"}).json

    assert published["changes"] == "settings (goal); evanston (email)"
    assert world.wiring.campaigns.target(CAMPAIGN, "evanston").email == "new@evanston-police.example"
    assert world.get(f"/campaigns/{CAMPAIGN}/count").json["goal"] == 77
    entry, *_ = world.wiring.campaigns.audit(CAMPAIGN)
    assert (entry.action, entry.why) == ("publish", "new chief")
    assert ask("GET", "/draft").json["published"] is True


def test_a_draft_with_mistakes_names_file_line_and_column_and_publishes_nothing(ask: Ask) -> None:
    draft = ask("GET", "/draft").json
    files = {
        "letter.md": draft["files"]["letter.md"] + "\n{{ nonsense }}\n",
        "targets.csv": draft["files"]["targets.csv"].replace("chief@skokie-police.example", "nobody"),
    }
    changed = ask("PUT", "/draft", {"revision": 0, "files": files}).json

    found = ask("GET", "/draft/check").json
    assert [(mistake["file"], mistake["column"]) for mistake in found["mistakes"]] == [
        ("letter.md", None),
        ("targets.csv", "email"),
    ]
    assert found["mistakes_count"] == 2
    for answer in (ask("GET", "/draft/effects"), ask("POST", "/draft/publish", {"revision": changed["revision"]})):
        assert answer.status == 422
        assert [error["field"].partition(":")[0] for error in answer.json["errors"]] == ["letter.md", "targets.csv"]


def test_another_revision_than_the_current_one_changes_nothing(ask: Ask) -> None:
    first = ask("PUT", "/draft", {"revision": 0, "settings": {"goal": 77}}).json
    ask("PUT", "/draft", {"revision": first["revision"], "settings": {"goal": 78}})

    for answer in (
        ask("PUT", "/draft", {"revision": first["revision"], "settings": {"goal": 79}}),
        ask("POST", "/draft/publish", {"revision": first["revision"]}),
        ask("DELETE", f"/draft?revision={first['revision']}"),
    ):
        assert answer.status == 409
    assert ask("GET", "/draft").json["settings"]["goal"] == 78


def test_a_discarded_draft_leaves_the_campaign(ask: Ask, world: World) -> None:
    goal = world.wiring.campaigns.campaign(CAMPAIGN).goal
    changed = ask("PUT", "/draft", {"revision": 0, "settings": {"goal": 77}}).json

    assert ask("DELETE", f"/draft?revision={changed['revision']}").status == 200

    assert ask("GET", "/draft").json["settings"]["goal"] == goal
    assert list(world.wiring.table.query(f"DRAFT#{CAMPAIGN}")) == []


def test_each_setting_can_be_written_by_the_api(ask: Ask) -> None:
    draft = ask("PUT", "/draft", {"revision": 0, "settings": {"languages": ["en", "es"]}}).json
    for name, value in OTHER_VALUES.items():
        draft = ask("PUT", "/draft", {"revision": draft["revision"], "settings": {name: value}}).json
        assert draft["settings"][name] == value, name
        # The campaign's own language has no table.
        if name == "language":
            draft = ask("PUT", "/draft", {"revision": draft["revision"], "settings": {name: "en"}}).json

    assert SettingsDocument.read(draft["files"]["campaign.toml"]).values == draft["settings"]


def test_a_draft_of_four_megabytes_is_taken_and_answered(ask: Ask) -> None:
    noise = "\n".join(f"{number:039}" for number in range(99_000))

    answer = ask("PUT", "/draft", {"revision": 0, "files": {"targets.csv": noise}})

    assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/draft"),
        ("DELETE", "/draft?revision=1"),
        ("POST", "/draft/publish"),
        ("POST", "/close"),
        ("POST", "/reopen"),
        ("POST", "/delete"),
    ],
)
def test_a_key_that_may_read_changes_nothing(ask: Ask, world: World, method: str, path: str) -> None:
    before = json.dumps(list(world.memory.partitions) if world.memory else [])

    assert ask(method, path, {"revision": 0, "settings": {"goal": 1}}, scope="read").status == 403
    assert json.dumps(list(world.memory.partitions) if world.memory else []) == before


def test_an_earlier_version_is_listed_shown_and_taken_back(ask: Ask) -> None:
    made = ask("PUT", "/draft", {"revision": 0, "settings": {"goal": 77}}).json
    changes = {"settings": {"goal": 78}, "files": {"letter.es.md": None}}
    changed = ask("PUT", "/draft", {"revision": made["revision"], **changes}).json
    assert "letter.es.md" not in changed["files"]
    [before] = ask("GET", "/draft").json["earlier"]
    assert before == {name: made[name] for name in ("revision", "changed_by", "changed_at")}

    shown = ask("GET", f"/draft/versions/{before['revision']}").json
    back = ask("PUT", "/draft", {"revision": changed["revision"], "files": shown["files"]}).json

    assert (shown["files"], shown["settings"]["goal"]) == (made["files"], 77)
    assert back["files"] == made["files"]
    assert ask("GET", "/draft/versions/12").status == ask("GET", "/draft/versions/first").status == 404


@pytest.mark.parametrize("path", ["/draft", "/draft/check", "/draft/effects", "/draft/versions/{first}"])
def test_a_key_that_may_read_sees_neither_the_draft_nor_who_changed_it(ask: Ask, path: str) -> None:
    first = ask("PUT", "/draft", {"revision": 0, "settings": {"goal": 77}}).json["revision"]
    ask("PUT", "/draft", {"revision": first, "settings": {"goal": 770}})
    path = path.format(first=first)

    answer = ask("GET", path, scope="read")

    assert answer.status == 403
    assert "77" not in answer.body
    assert ask("GET", path).status == 200


def test_a_campaign_is_closed_and_deleted_with_its_draft(ask: Ask, world: World) -> None:
    ask("PUT", "/draft", {"revision": 0, "settings": {"goal": 77}})
    assert ask("POST", "/delete", {}, "own").status == 409
    closed_at = ask("POST", "/close", {"why": "reached"}).json["closed_at"]
    assert ask("POST", "/close", {}).json["closed_at"] == closed_at
    world.clock.advance(minutes=2)
    assert world.sign().status == 409
    assert [entry.action for entry in world.wiring.campaigns.audit(CAMPAIGN)] == ["close"]
    assert len([*world.wiring.bucket.names("drafts/")]) == 1

    assert ask("POST", "/delete", {}, "own").json["done"] is True

    assert ask("GET", "/draft").status == 401
    assert [*world.wiring.bucket.names("")] == []
    rows = world.wiring.client("dynamodb").scan(TableName=world.wiring.settings.table_name)["Items"]
    assert {row["pk"]["S"].partition("#")[0] for row in rows} <= {"RATE"}


def test_deleting_a_large_campaign_goes_on_in_the_next_request(
    ask: Ask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("POST", "/close", {})
    monkeypatch.setattr("functions.organizer_api.drafts.MOST_TIME", timedelta(seconds=-1))
    answer = ask("POST", "/delete", {}, "own")
    assert (answer.status, answer.json["done"]) == (202, False)
    monkeypatch.setattr("functions.organizer_api.drafts.MOST_TIME", timedelta(seconds=12))

    assert ask("POST", "/delete", {}, "own").json["done"] is True
