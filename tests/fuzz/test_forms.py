"""Forms: any body gives values or an error with a status, and accepted text is the same in every output."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from pypdf import PdfReader

from tests.fuzz.inputs import DEEP, ODD, example, given, json_texts, mutated, st, texts, tried
from tests.support.signatures import adas_form, adas_signature
from tests.support.world import ADA, load_event
from undersigned.base.characters import can_be_printed
from undersigned.base.csv_cells import csv_line
from undersigned.base.emails import Sender
from undersigned.base.errors import FormError
from undersigned.base.fonts import FontBook
from undersigned.base.posted import RequestError, posted_values
from undersigned.base.reader import wants_json
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.letters import as_text, read_blocks, render_html
from undersigned.delivering.printing.packets import PacketLetter, typeset
from undersigned.organizing.rules import exports
from undersigned.signing import emails
from undersigned.signing.rules.form_fields import FORM_FIELDS
from undersigned.signing.rules.forms import FormMail
from undersigned.signing.rules.posted_forms import CheckedForm, checked_form, details_so_far, read_unfinished
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from undersigned.signing.rules.signatures import Signature

FOLDER = campaign_folder.read(Path(__file__).parents[2] / "campaigns" / "end-demand-illinois")
ROSTER = Roster.of(FOLDER.targets)
FORM = {**ADA, "note": "Please do.\nThank you.", "target": "evanston", "updates": "on", "drawing": "[[1,1,90,90]]"}
URLENCODED = "name=Ada+Specimen&email=ada%40signers.example&postal_code=60201&note=a%0D%0Ab&updates=on"
MULTIPART = '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n--x--\r\n'
TYPES = st.one_of(
    st.sampled_from(
        (
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "Application/JSON; charset=utf-16",
            "",
        )
    ),
    texts(40),
)
BODIES = st.one_of(
    json_texts([FORM]).map(lambda text: text.encode("utf-8", "surrogatepass")),
    mutated([URLENCODED, MULTIPART]).map(str.encode),
    st.binary(max_size=80),
)


@pytest.mark.asvs("1.1.1")
@tried(200)
@given(TYPES, BODIES, st.booleans(), texts(40))
@example("application/json", DEEP.encode(), False, "")  # noqa: FBT003
def test_any_body_is_values_or_an_error_with_a_status(media_type: str, body: bytes, encoded: bool, accept: str) -> None:  # noqa: FBT001
    event = load_event("public_api_sign_form")
    event["headers"] |= {"content-type": media_type, "accept": accept}
    event["isBase64Encoded"] = encoded
    event["body"] = base64.b64encode(body).decode() if encoded else body.decode("utf-8", "replace")
    read = APIGatewayProxyEventV2(event)
    wants_json(read)
    try:
        values = posted_values(read)
    except RequestError as error:
        assert error.status in {400, 413, 415}
        return
    unfinished = read_unfinished(values, FOLDER.campaign, ROSTER)
    for mistake in unfinished.errors:
        assert str(mistake.message)
        assert mistake.field in {*(field.name for field in FORM_FIELDS), "drawing"}
    details_so_far(unfinished, FOLDER.campaign, date(2026, 11, 30), "en")
    json.dumps(dict(unfinished.texts), ensure_ascii=False).encode()


PERSONAL = ("name", "signature", "address_line", "locality", "region", "note")
PLAIN = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1, max_size=60)
MARKED = st.lists(st.one_of(st.sampled_from(ODD), PLAIN), min_size=1, max_size=4).map("".join)
LINES = st.lists(PLAIN, min_size=1, max_size=4).map("\r\n".join)
WORDS = st.fixed_dictionaries(
    {},
    optional={name: st.one_of(PLAIN, MARKED, texts(90, surrogates=True)) for name in PERSONAL}
    | {"note": st.one_of(LINES, MARKED, texts(500, surrogates=True))},
)


class Signed(NamedTuple):
    """An accepted form and its signature row."""

    form: CheckedForm
    row: Signature


def signed(words: dict[str, str]) -> Signed | None:
    try:
        form = checked_form({**ADA, **words}, FOLDER.campaign, ROSTER)
    except FormError as error:
        assert error.errors
        return None
    assert all(can_be_printed(getattr(form, name).replace("\n", "")) for name in PERSONAL)
    fields: dict[str, Any] = {
        name: getattr(form, name) for name in (*PERSONAL, "email", "postal_code", "drawing", "updates")
    }
    row = adas_signature(target=form.target.id, letter=FOLDER.letter.version, addressee=form.target.addressee, **fields)
    return Signed(form, row)


class Paragraphs(HTMLParser):
    """Collects the text of each paragraph by its id."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: dict[str, str] = {}
        self.tags: set[str] = set()
        self._at = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "p":
            self._at = str(dict(attrs).get("id"))

    def handle_data(self, data: str) -> None:
        self.texts[self._at] = self.texts.get(self._at, "") + data


def read_html(html: str) -> Paragraphs:
    reader = Paragraphs()
    reader.feed(html)
    reader.close()
    return reader


def in_one_line(text: str) -> str:
    return " ".join(text.split())


TEMPLATE = (
    '<p id="name">{{ signer.name }}</p><p id="signature">{{ signature }}</p><p id="note">{{ note }}</p>'
    '<p id="address_line">{{ signer.address_line }}</p><p id="locality">{{ signer.locality }}</p>'
    '<p id="region">{{ signer.region }}</p>'
)


@pytest.mark.asvs("2.2.1")
@tried(120)
@given(WORDS)
def test_accepted_text_is_unchanged_in_html_and_csv(words: dict[str, str]) -> None:
    made = signed(words)
    if made is None:
        return
    html = render_html(TEMPLATE, made.form.target, made.row.words.printed(made.row.signed_on))
    reader = read_html(html)
    assert reader.tags <= {"p", "span", "br"}
    assert {name: reader.texts.get(name, "") for name in PERSONAL} == {
        name: getattr(made.row.words, name) for name in PERSONAL
    }
    line = csv_line(exports.row(made.row, "en"))
    [cells] = csv.reader(io.StringIO(line.decode(), newline=""), strict=True)
    for cell, written in zip(cells, exports.row(made.row, "en"), strict=True):
        assert cell.replace("'", "") == written.replace("'", "")
        assert cell.lstrip()[:1] not in {"=", "+", "-", "@"} or not cell


@tried(60)
@given(WORDS)
def test_accepted_text_is_in_both_parts_of_an_email(words: dict[str, str]) -> None:
    made = signed(words)
    if made is None:
        return
    mail = emails.confirmation(
        FormMail(adas_form(), made.row),
        Sender("letters@trees.example", "https://letters.example"),
        FOLDER.campaign,
        made.form.target,
        FOLDER.letter,
        confirm_token="c",
        disown_token="d",
        letter_token="l",
        confirm_until=datetime(2026, 12, 8, 18, tzinfo=UTC),
        next_delivery=datetime(2026, 11, 30, 9, tzinfo=UTC),
    )
    content = mail.as_bytes()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    read = message_from_bytes(content, policy=policy.default)
    assert read["To"].addresses[0].addr_spec == made.row.words.email
    plain, rich = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None
    assert rich is not None
    html = rich.get_content()
    shown = {"plain": in_one_line(plain.get_content()), "html": in_one_line("".join(read_html(html).texts.values()))}
    assert "canary" not in read_html(html).tags
    for name in ("name", "signature", "address_line", "locality"):
        for form, text in shown.items():
            assert in_one_line(getattr(made.row.words, name)) in text, (name, form)


@cache
def fonts() -> FontBook:
    return FontBook()


@tried(6)
@given(st.lists(WORDS, min_size=1, max_size=6))
def test_accepted_text_can_be_typeset(several: list[dict[str, str]]) -> None:
    letters = []
    for made in filter(None, map(signed, several)):
        blocks = read_blocks(
            render_html(FOLDER.letter.template, made.form.target, made.row.words.printed(made.row.signed_on))
        )
        assert as_text(blocks)
        letters.append(PacketLetter(blocks, "en", made.row.words.name, made.row.words.locality))
    if letters:
        packet = typeset(None, letters, fonts())
        assert packet.accessible
        assert len(PdfReader(io.BytesIO(packet.pdf)).pages) >= len(letters)
