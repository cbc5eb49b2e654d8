"""Test that only who has its key reaches the emulator, and what it makes of a secret, on a fake MiniStack."""

from __future__ import annotations

import importlib.util
import string
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.smoke import emulator


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load the emulator's script on a fake MiniStack."""
    fakes: dict[str, Any] = {
        "app": SimpleNamespace(),
        "core.lambda_runtime": SimpleNamespace(),
        "services.ses_v2": SimpleNamespace(),
        "services.cloudformation.provisioners": SimpleNamespace(
            # MiniStack knows ExcludeCharacters only.
            _sm_secret_string=lambda properties: properties["GenerateSecretString"].get("ExcludeCharacters", "")
        ),
    }
    for name in ("ministack", "ministack.core", "ministack.services", "ministack.services.cloudformation"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for name, fake in fakes.items():
        monkeypatch.setitem(sys.modules, f"ministack.{name}", fake)
        package, _, module = f"ministack.{name}".rpartition(".")
        setattr(sys.modules[package], module, fake)
    path = Path(emulator.__file__).with_name("emulator_process.py")
    spec = importlib.util.spec_from_file_location("emulator_process", path)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


KEY, OURS = (b"x-amz-security-token", b"the-key"), (b"host", b"127.0.0.1:4566")


class Guarded:
    """The emulator with its key. It records the headers of the requests that MiniStack gets."""

    def __init__(self, process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        async def answer(scope: Any, _receive: Any, send: Any) -> None:
            self.seen.append(scope.get("headers"))
            await send({"status": 200})

        self.seen: list[Any] = []
        self.app = process.app
        self.app.app = answer
        monkeypatch.setenv("AWS_SESSION_TOKEN", "the-key")
        process.ask_for_the_key()

    def request(self, *headers: tuple[bytes, bytes], method: str = "GET", path: str = "/", query: bytes = b"") -> int:
        scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": list(headers)}
        sent = self.send(scope)
        return int(sent[0]["status"])

    def send(self, scope: dict[str, Any]) -> list[dict[str, Any]]:
        async def keep(message: dict[str, Any]) -> None:
            sent.append(message)

        sent: list[dict[str, Any]] = []
        # Nothing here waits, so it needs no event loop, which would open sockets.
        with suppress(StopIteration):
            self.app.app(scope, None, keep).send(None)
        return sent


@pytest.fixture
def guarded(process: Any, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    return Guarded(process, monkeypatch)


def test_the_emulator_answers_only_requests_with_the_key(guarded: Guarded) -> None:
    assert guarded.request(OURS, KEY) == 200
    assert guarded.request(OURS) == 403
    assert guarded.request(OURS, (KEY[0], b"another")) == 403
    assert guarded.seen == [[OURS]], "MiniStack doesn't get the key"


@pytest.mark.parametrize("header", [(b"host", b"rebound.example:4566"), (b"origin", b"http://rebound.example:4566")])
def test_the_emulator_refuses_a_foreign_host_or_origin_even_with_the_key(
    guarded: Guarded, header: tuple[bytes, bytes]
) -> None:
    assert guarded.request(OURS, KEY, header) == 403
    assert guarded.seen == []


def test_a_signed_link_shows_the_key_but_changes_nothing(guarded: Guarded) -> None:
    link = b"X-Amz-Signature=x&X-Amz-Security-Token=the-key"

    assert guarded.request(OURS, query=link) == 200
    assert guarded.request(OURS, query=link, method="PUT") == 403


def test_the_emulator_opens_no_web_socket(guarded: Guarded) -> None:
    assert guarded.send({"type": "websocket", "headers": [OURS, KEY]}) == [{"type": "websocket.close"}]


def test_a_secret_has_no_punctuation_if_the_template_says_so(process: Any) -> None:
    process.make_secrets_without_punctuation()
    make = process.provisioners._sm_secret_string

    assert set(make({"GenerateSecretString": {"ExcludePunctuation": True}})) == set(string.punctuation)
    assert make({"GenerateSecretString": {"ExcludeCharacters": "l1"}}) == "l1"
