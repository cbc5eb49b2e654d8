"""Test that every page and email has the right plural for zero, one and two letters, in each language."""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from tests.support.acting import Decisions
from tests.support.organizers import someone
from tests.support.world import CAMPAIGN, DASHBOARD, FORM, PERIOD
from undersigned.base.errors import BusyError, problem_of
from undersigned.organizing.rows.exports import Exports
from undersigned.organizing.rules.exports import Export, ExportFilter
from undersigned.people.access import TooManyRefusalsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import Answer, Sent, World


MANY = (
    "letters|signatures|packets|deliveries|people|signers|recipients|emails|files|PDFs|characters|seconds|"
    "cartas|firmas|paquetes|envíos|personas|destinatarios|correos|archivos|caracteres|segundos"
)
ONE = (
    "letter|signature|packet|delivery|person|signer|recipient|email|file|PDF|character|second|"
    "carta|firma|paquete|envío|persona|destinatario|correo|archivo|carácter|segundo"
)
MISTAKES = re.compile(rf"(?<![\d.,])(?:1 (?:signed )?(?:{MANY})|[02] (?:signed )?(?:{ONE}))\b")

LETTERS_OF = {
    "en": ["", "1 person has signed", "2 people have signed"],
    "es": ["", "1 persona ha firmado", "2 personas han firmado"],
}
SENT_IN = {
    "en": ["", "sends you 1 signed letter", "sends you 2 signed letters"],
    "es": ["", "le envía 1 carta firmada", "le envía 2 cartas firmadas"],
}


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("1 letters, 1 signed letters and 2 letter", ["1 letters", "1 signed letters", "2 letter"]),
        ("Espere 1 segundos por 0 carta", ["1 segundos", "0 carta"]),
        ("1 letter, 0 letters, 2 signed letters, 21 letters, 1,001 letters, Sent 1 Letters 0", []),
    ],
)
def test_a_wrong_plural_is_found(text: str, mistakes: list[str]) -> None:
    assert MISTAKES.findall(text) == mistakes


def words_of(markup: str) -> str:
    """Return the text of a page or an email without its style and tags."""
    bare = re.sub(r"<style>.*?</style>|<[^>]*>", " ", markup, flags=re.DOTALL)
    return " ".join(html.unescape(bare).split())


def words_of_mail(mail: Sent) -> str:
    pages = [page.extract_text() for pdf in mail.pdfs for page in PdfReader(io.BytesIO(pdf)).pages]
    return words_of(" ".join([str(mail.mail["Subject"]), mail.text, mail.html, *pages]))


def in_language(world: World, language: str) -> None:
    """Change the campaign's language, which organizers and targets read, and let its letters wait for *Send now*."""
    world.change(language=language, send_now_only=True, deliver_on="TUE", deliver_at=13)


def signed_in(world: World) -> tuple[str, ...]:
    return tuple(someone(world, "editor").cookies)


def pages(world: World, language: str, cookies: tuple[str, ...]) -> Iterator[Answer]:
    """Yield the campaign's pages for signers, targets and organizers."""
    for path in (f"{FORM}?lang={language}", f"{FORM}/signed?lang={language}"):
        yield world.get(path)
    yield world.get("/packets/" + world.stack.links.sign("packets", CAMPAIGN, "evanston", PERIOD))
    listed = ("", "/targets/evanston", "/deliveries", "/signatures", "/exports", "/audit")
    for path in (*listed, "/targets/evanston/next", f"/deliveries/{PERIOD}/evanston"):
        answer = world.get(f"{DASHBOARD}{path}", cookies=cookies)
        assert answer.status in {200, 404, 409}
        yield answer


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("letters", [0, 1, 2])
def test_pages_and_emails_have_the_right_plural(world: World, language: str, letters: int) -> None:
    in_language(world, language)
    confirmations = [
        world.confirmed(email=f"signer{number}@signers.example", letter_language=language) for number in range(letters)
    ]
    Exports(world.stack.table).put_export(
        Export(CAMPAIGN, "0123456789abcdef", "done", ExportFilter(), "key", world.clock.now, rows=letters)
    )
    cookies = signed_in(world)
    world.hour()
    world.clock.advance(hours=1)
    world.hour()
    texts = [words_of(answer.body) for answer in pages(world, language, cookies)]
    Decisions(world.stack).deliver(CAMPAIGN, world.period, "tests", "", seen_at=world.clock.now)
    world.run_queue()
    texts += [words_of(answer.body) for answer in pages(world, language, cookies)]
    texts += [words_of(world.get(mail.link("confirm")).body) for mail in confirmations]
    world.clock.advance(days=1)
    world.report()
    texts += map(words_of_mail, world.sent)

    assert [mistake for words in texts for mistake in MISTAKES.findall(words)] == []
    assert LETTERS_OF[language][letters] in texts[0]
    kinds = {mail.tags["kind"] for mail in world.sent}
    assert kinds == ({"confirmation", "waiting", "delivery", "report"} if letters else set())
    if letters:
        [delivery] = world.deliveries
        assert SENT_IN[language][letters] in words_of_mail(delivery)


@pytest.mark.parametrize(
    ("language", "seconds", "words"),
    [
        ("en", 1, "Wait 1 second,"),
        ("en", 2, "Wait 2 seconds,"),
        ("es", 1, "Espere 1 segundo "),
        ("es", 2, "2 segundos "),
    ],
)
def test_a_waiting_time_has_the_right_plural(language: str, seconds: int, words: str) -> None:
    for problem in (
        problem_of(BusyError(seconds), "signer"),
        problem_of(BusyError(seconds), "organizer"),
        problem_of(TooManyRefusalsError(seconds), "program"),
    ):
        assert words in problem.detail.in_language(language)
