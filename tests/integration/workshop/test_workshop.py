"""Test the workshop: what an organizer writes, sees, checks and publishes, and two people who do it at once."""

from __future__ import annotations

import csv
import html
import json
import re
from dataclasses import replace
from itertools import pairwise, starmap
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.growth import check_growth
from tests.support.logos import png
from tests.support.organizers import SAME_ORIGIN, Browser
from tests.support.pages import text_of
from tests.support.spreadsheets import xlsx
from tests.support.workshop import ANN, NEW, OWN_HEADINGS, PAPER, Author, Forms
from tests.support.world import ADA, ADMINISTRATOR, CAMPAIGN
from tests.unit.workshop.trees import OTHER_VALUES
from undersigned.base.errors import NotFoundError
from undersigned.base.posted_files import LARGEST_UPLOAD
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.letter_fields import FIELDS
from undersigned.campaigns.rules.letters import Letter
from undersigned.organizing.listing import newest_activity
from undersigned.people.pages.typed import packed
from undersigned.people.routes.cookies import LANGUAGE_COOKIE
from undersigned.workshop import drafting
from undersigned.workshop.described_settings import ORGANIZER_SETTINGS, SETTINGS, TRANSLATION_SETTINGS
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.typed_letters import merged_letter
from undersigned.workshop.wordpress_plugin import plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.world import Answer, World
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Asked
    from undersigned.workshop.rules.drafts import Draft

HOSTILE = """<img src=x onerror=alert(1)></textarea><style>*{}</style>"'&{{ 7*7 }}{% for %}"""
SHARED_PICTURE = f'<img src="/campaigns/{CAMPAIGN}/share.png" width="1200" height="630" alt="'
"""The picture beside a shared link."""

PASTED = """Title\tName\tDepartment\tTown\tEmail\tPostal codes
Mayor\tRobin Sample\tCity of Oakton\tOakton\tmayor@oakton.example\t60201 60202
Mayor\tSasha Specimen\tCity of Elmville\tElmville\tmayor@elmville.example\t60301
"""


SETTINGS_OF_A_CAMPAIGN = {
    "title": "Safer streets",
    "summary": "Ask your mayor for safer streets.",
    "organizer.name": "Walkers of Illinois",
    "organizer.email": "letters@walkers.example",
    "region": "IL",
    "goal": "1,500",
}
LETTER = """Dear [recipient’s title] [recipient’s name],

Please act.

Sincerely,
"""


def fill_in(author: Author) -> None:
    """Write a whole campaign in the browser."""
    author.open("letter")
    assert author.send("letter", {"text": LETTER, "do": "save"}).headers["location"].endswith("settings?done=saved")
    author.open("recipients")
    pasted = author.take({"pasted": PASTED})
    assert "2 rows were taken." in pasted.words
    author.open("settings")
    saved = author.send("settings", {**SETTINGS_OF_A_CAMPAIGN, "do": "save"})
    assert saved.headers["location"].endswith("preview?done=saved")


# From an idea to a form


def test_a_campaign_is_written_checked_and_published_in_the_browser(world: World, beginner: Author) -> None:
    assert "What is left to do" in beginner.open("preview").words
    fill_in(beginner)
    assert "What is left to do" not in beginner.open("preview").words
    assert world.get(f"/campaigns/{NEW}").status == 404

    assert "Why?" not in beginner.open("publish").words
    published = beginner.send("publish", {"why": "Start"})

    assert published.headers["location"].endswith("publish?done=published")
    page = beginner.open("publish?done=published")
    first = page.body.partition("<h1>Publish</h1>")[2]
    address = f"https://letters.example/campaigns/{NEW}"
    assert first.index(f'<a href="{address}"') < first.index("<form"), "the link comes first"
    assert "Where will people sign?" in page.words
    shown = beginner.open("publish?where=page")
    assert f"https://letters.example/campaigns/{NEW}" in shown.words
    assert "<svg" in shown.body
    assert "Safer streets" in text_of(world.get(f"/campaigns/{NEW}"))
    assert catalog_of(world.stack).entry(NEW).campaign.goal == 1500
    [entry] = [entry for entry in newest_activity(world.stack, NEW, None, 10).items if entry.action == "publish"]
    assert entry.why == "Start"


def test_nothing_is_an_error_before_somebody_presses_publish(beginner: Author) -> None:
    for step in ("letter", "settings", "recipients", "preview", "publish"):
        page = beginner.open(step)
        assert page.status == 200
        assert "<title>Error:" not in page.body
        shown = page.body.partition("</style>")[2]
        assert not re.search(r'class="error"|role="alert"|aria-invalid|[0-9] mistake', shown)
    beginner.open("settings")
    left = beginner.send("settings", {"title": "Safer streets", "organizer.email": "nobody", "do": "save"})
    assert left.headers["location"].endswith("recipients?done=saved-left")
    page = beginner.open("recipients?done=saved-left")
    assert "Email address for replies : “nobody” is not a whole email address" in page.words
    assert "<title>Error:" not in page.body
    assert "To do: Email address for replies" in beginner.open("settings").words

    beginner.open("publish")
    refused = beginner.send("publish", {})

    assert refused.status == 422
    assert "<title>Error: Publish" in refused.body
    leads_to = f"{beginner.base}/settings?refused=yes#setting-organizer-email"
    assert f'href="{leads_to}"' in refused.body
    page = beginner.open("settings?refused=yes")
    assert "<title>Error: Details" in page.body
    shown = page.body.partition("</style>")[2]
    assert shown.count('class="error"') == shown.count('aria-invalid="true"') > 1
    # Somebody who saves goes on to the next mistake.
    beginner.pages["settings"] = page.body
    saved = beginner.send("settings", {**SETTINGS_OF_A_CAMPAIGN, "do": "save"}, "settings?refused=yes")
    assert saved.headers["location"].endswith("/recipients?done=saved-left&refused=yes")


def test_saving_goes_on_whatever_is_left_and_the_next_page_says_what(beginner: Author) -> None:
    steps = {"letter": {"text": "Dear {{ nobody }}"}, "settings": {}, "recipients": {"cell-0-email": "nobody"}}
    says = "What is left to do", "The signs { and } mean nothing here", "Write the address that replies", "Row 1, Email"
    for count, (step, following) in enumerate(pairwise((*steps, "preview")), start=1):
        beginner.open(step)
        saved = beginner.send(step, {**steps[step], "do": "save"})
        assert saved.headers["location"].endswith(f"/{following}?done=saved-left")
        shown = beginner.open(f"{following}?done=saved-left").words
        assert "Saved in the draft. The list below says what is left to do." in shown
        assert [words in shown for words in says] == [place <= count for place in range(4)], following
    # Nobody who opens a page for the first time is told what was left elsewhere.
    assert "What is left to do" not in beginner.open("settings").words


def test_saving_stays_with_the_fields_that_it_added(beginner: Author) -> None:
    beginner.open("settings")
    added = beginner.send("settings", {"languages.es": "es", "do": "save"})
    assert added.headers["location"].endswith("/settings?done=saved-new-fields#setting-es-title")
    assert "Fill in those that are empty" in beginner.open("settings?done=saved-new-fields").words
    # Once the page has them, saving goes on, as with every empty field.
    beginner.open("settings")
    assert "/recipients?" in beginner.send("settings", {"do": "save"}).headers["location"]


def test_a_draft_that_nobody_published_has_only_its_workshop(beginner: Author) -> None:
    overview = beginner.see(f"/organizer/dashboard/{NEW}")
    assert overview.headers["location"] == f"/organizer/dashboard/{NEW}/workshop"
    first = beginner.see(beginner.base)
    assert first.headers["location"].endswith("/workshop/letter")
    assert f"/organizer/dashboard/{NEW}/deliveries" not in beginner.open("letter").body


def test_a_change_is_not_published_before_somebody_publishes_it(world: World, author: Author) -> None:
    author.open("settings")
    author.send("settings", {"title": "Another title", "do": "save"})

    assert "Another title" not in world.get(f"/campaigns/{CAMPAIGN}").body
    assert "Unpublished changes" in author.open("publish").words
    assert "What publishing changes Title " in author.open("publish").words
    assert "unpublished changes" in author.words("")

    author.send("publish", {"why": ""})
    world.restart("public_api")
    assert "Another title" in world.get(f"/campaigns/{CAMPAIGN}").body


def test_a_discarded_draft_is_in_the_activity_log_once(world: World, author: Author) -> None:
    author.open("settings")
    author.send("settings", {"title": "Another title", "do": "save"})
    author.open("publish")
    for _ in range(2):
        author.send("publish", {}, "discard")
    [entry] = [entry for entry in Campaigns(world.stack.table).audit(CAMPAIGN) if entry.action == "discard draft"]
    assert entry.by == "editor@enddemand.example"
    assert "Discarded the draft" in author.words("/audit")


def test_a_discarded_draft_leaves_the_published_campaign(author: Author) -> None:
    author.open("settings")
    author.send("settings", {"title": "Another title", "do": "save"})
    author.open("publish")
    author.send("publish", {}, "discard")
    author.open("settings")
    assert author.form("settings")["title"] == "End Demand Illinois"


# The letter


def test_the_letter_is_shown_while_it_is_typed_and_is_not_saved(author: Author) -> None:
    before = author.draft()
    assert "Alex Sample" in author.open("preview").words, "the pages have the same made-up signer"
    author.open("letter")
    live = author.send("letter", {"text": LETTER.replace("Please act", "Please *hurry*"), "do": "live"})
    assert "Alex Sample" in live.words
    assert "Please <em>hurry</em>" in live.body
    assert "<html" not in live.body
    assert "Dear Police Chief Indigo Mockup," in live.words
    shown = author.send("letter", {"text": LETTER.replace("Please act", "Please hurry"), "do": "show"})
    author.pages["letter"] = shown.body
    assert "Please hurry" in author.form("letter")["text"]
    assert author.draft() == before


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "The signs { and } mean nothing here"), ("es", "Los signos { y } no significan nada aquí")],
)
def test_a_mistake_of_the_letter_stands_once_at_its_field_in_the_words_of_the_page(
    author: Author, language: str, said: str
) -> None:
    author.jar[LANGUAGE_COOKIE] = language
    author.open("letter")
    live = author.send("letter", {"text": f"{LETTER}\nMy {{{{ name }}}}\n", "do": "live"})
    assert f"My {{{{ name }}}} {said}" in live.words
    saved = author.send("letter", {"text": f"{LETTER}\nMy {{{{ name }}}}\n", "do": "save"})
    assert saved.headers["location"].endswith("publish?done=saved-left")
    page = author.open("letter")
    assert page.words.count(said) == 1
    assert "{{ signer" not in page.body
    assert said in author.words("/workshop/publish")


def test_a_letter_that_is_saved_as_it_was_shown_stays_as_it_is(author: Author) -> None:
    before = author.draft().files
    author.open("letter")
    assert "[recipient’s name]" in author.form("letter")["text"]
    assert author.send("letter", {"do": "save"}).status == 303
    assert author.draft().files == before


def test_each_blank_is_a_placeholder_that_somebody_names(author: Author) -> None:
    author.open("letter")
    pasted = "Dear Mayor ____,\n\nCome on [DATE] to [the hall].\n\nName: ____\n"
    assert author.send("letter", {"text": pasted, "do": "save"}).status == 303
    says = "Replace the words in brackets with what belongs there, such as [your name], or delete them"
    places = ("Dear Mayor [fill in],", "Come on [date] to [the hall].", "Name: [fill in]")
    assert author.draft().files["letter.md"].startswith("Dear Mayor [fill in],\n\nCome on {{ date }} to [the hall].")
    for page, listed in (("letter", " ".join(places)), ("publish", " ".join(f"English: “ {it} ”" for it in places))):
        shown = author.open(page).words
        assert shown.count(says) == 1, page
        assert f"the date and the signature: they are added automatically. {listed} " in shown, page
    assert "Dear Mayor [fill in], Come on" in author.open("preview/page?in=en").words, "and its preview is readable"
    author.open("letter")
    named = pasted.replace("____", "[recipient's name]").replace("[the hall]", "\\[the hall\\]")
    assert author.send("letter", {"text": named, "do": "save"}).status == 303
    assert says not in author.open("letter").words


def test_no_line_of_the_letters_field_ends_in_a_backslash_and_a_save_keeps_the_letter(author: Author) -> None:
    author.open("letter")
    author.send("letter", {"text": "Dear Mayor,\n\nPlease act.\n\nAnn Sample\n1 Elm Street\nOakton\n", "do": "save"})
    saved = author.draft().files["letter.md"]
    assert "Ann Sample\\\n1 Elm Street\\\nOakton" in saved
    author.open("letter")
    text = author.form("letter")["text"]
    assert "Ann Sample  \n1 Elm Street  \nOakton" in text
    assert "\\" not in text
    author.send("letter", {"text": text.replace("Please act", "Act"), "do": "save"})
    assert author.draft().files["letter.md"] == saved.replace("Please act", "Act")


def test_a_line_that_ends_in_a_line_break_is_quoted_without_its_backslash(author: Author) -> None:
    author.open("letter")
    author.send("letter", {"text": "Dear Mayor,\n\nName: ____\nTown: ____\n", "do": "save"})
    assert "Name: [fill in]\\\nTown: [fill in]" in author.draft().files["letter.md"]
    assert re.search(r"automatically\. Name: \[fill in\] Town: \[fill in\] ", author.open("letter").words)


def test_what_is_too_long_for_a_letter_is_refused_with_a_sentence(author: Author) -> None:
    before = author.draft().files
    author.open("letter")
    refused = author.send("letter", {"text": "[a] " * 10_000, "do": "save"})
    assert refused.status == 422
    assert "The letter has 39,999 characters, more than the maximum of 20,000; shorten it." in refused.words
    assert author.draft().files == before


def test_an_empty_letter_can_begin_with_the_example(beginner: Author) -> None:
    beginner.open("letter")
    assert "Use our example letter" in beginner.send("letter", {"text": " ", "do": "show"}).words
    shown = beginner.send("letter", {"text": " ", "do": "example"})
    beginner.pages["letter"] = shown.body
    assert beginner.form("letter")["text"].startswith("[recipient’s title] [recipient’s name]\n")


def test_a_translation_has_a_tab_and_an_empty_one_is_removed(author: Author) -> None:
    page = author.open("letter?lang=es")
    assert "Español" in page.words
    author.pages["letter"] = page.body
    assert "Atentamente" in author.form("letter")["text"]
    author.send("letter", {"text": " ", "do": "save"})
    assert "letter.es.md" not in author.draft().files


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "**words** Bold *words* Italic - words List > words Quotation [words](https://…) Link"),
        ("es", "**palabras** Negrita *palabras* Cursiva - palabras Lista > palabras Cita [palabras](https://…) Enlace"),
    ],
)
def test_the_signs_in_the_letters_field_are_explained_beside_it(author: Author, language: str, says: str) -> None:
    author.jar[LANGUAGE_COOKIE] = language
    assert says in author.open("letter").words.partition("<textarea")[0]


def test_every_placeholder_has_a_button(author: Author) -> None:
    page = author.open("letter").body
    assert page.count(" data-insert>[") == len(FIELDS)


# Recipients


def test_rows_are_typed_changed_added_and_removed(author: Author) -> None:
    author.open("recipients")
    form = author.form("recipients")
    new = max(int(name.split("-")[1]) for name in form if name.startswith("was-"))
    changes = {
        "cell-0-name": "Somebody Else",
        "remove-1": "yes",
        f"cell-{new}-title": "Sheriff",
        f"cell-{new}-name": "Kim New",
        f"cell-{new}-department": "Sheriff’s Office",
        f"cell-{new}-locality": "New Town",
        f"cell-{new}-email": "sheriff@newtown.example",
        f"cell-{new}-postal_codes": "61000",
    }
    assert author.send("recipients", {**changes, "do": "save"}).headers["location"].endswith("publish?done=saved")
    text = author.draft().files["targets.csv"]
    assert "Somebody Else" in text
    assert "evanston" not in text
    assert "new-town" in text


def test_an_empty_list_is_first_asked_for_many_recipients_at_once(beginner: Author, author: Author) -> None:
    empty, full = (one.open("recipients").words for one in (beginner, author))
    assert empty.index("Add many at once") < empty.index("Or type them") < empty.index("0 recipients")
    assert "What happens to the list above?" not in empty
    assert full.index("10 recipients") < full.index("Add many at once")
    assert full.count("Add many at once") == 1


def test_each_mistake_of_the_table_is_at_its_cell(author: Author) -> None:
    author.open("recipients")
    sent = author.send("recipients", {"cell-2-email": "nobody", "cell-3-postal_codes": "6?", "do": "save"})
    assert sent.headers["location"].endswith("publish?done=saved-left")
    page = author.open("recipients").body
    assert 'id="cell-2-email-error"' in page
    assert 'id="cell-3-postal_codes-error"' in page
    assert f'href="{author.base}/recipients?page=1#cell-2-email"' in page


def test_a_duplicate_a_wrong_address_and_a_shared_postal_code_are_named(author: Author) -> None:
    author.open("recipients")
    shared = author.form("recipients")["cell-0-postal_codes"].partition(";")[0]
    author.send("recipients", {"cell-4-postal_codes": shared, "do": "save"})
    assert re.search(rf"Row 5, Postal codes : .*{shared}.* row 1", author.open("recipients").words)
    author.send("recipients", {"cell-2-email": "nobody", "do": "save"})
    assert "Row 3, Email : “nobody” is not a whole email address" in author.open("recipients").words


def test_names_in_web_addresses_have_a_column_only_while_one_of_them_is_wrong(author: Author) -> None:
    author.open("recipients")
    assert "cell-0-id" not in author.form("recipients")
    rows = "id\ttitle\tname\tdepartment\ttown\temail\nelm\tMayor\tA\tHall\tElm\ta@elm.example\n"
    author.take({"pasted": f"{rows}elm\tMayor\tB\tHall\tElmton\tb@elm.example\n", "replace": "yes"})
    said = author.open("recipients").words
    assert "Row 2, Name in web addresses : this name in web addresses is also in row 1" in said
    author.send("recipients", {"cell-1-id": "elmton", "do": "save"})
    author.open("recipients")
    assert "cell-1-id" not in author.form("recipients")
    author.send("recipients", {"cell-1-name": "C", "do": "save"})
    assert [row[:3] for row in csv.reader(author.draft().files["targets.csv"].splitlines())][1:] == [
        ["elm", "Mayor", "A"],
        ["elmton", "Mayor", "C"],
    ]


def test_recipients_without_an_email_address_are_named_on_each_page_before_it_is_published(author: Author) -> None:
    assert "email address" not in author.open("recipients").words
    name = author.form("recipients")["cell-2-name"]
    without = f"1 recipient has no email address: {name}. Letters to this recipient go by hand or post: you print them"
    author.send("recipients", {"cell-2-email": "", "cell-2-postal_address": "<b>1 Ridge</b>\nSkokie", "do": "save"})
    page = author.open("recipients")
    assert without in page.words
    assert "\n&lt;b&gt;1 Ridge&lt;/b&gt;\nSkokie</textarea>" in page.body
    target = author.form("recipients")["was-2"]
    assert without in author.open("publish").words
    assert "<iframe" not in author.see(f"{author.base}/preview?to={target}").body.partition('"of-email"')[2]

    author.open("recipients")
    author.take(
        {
            "pasted": "Name\tTitle\tDepartment\tTown\n<b>A\tMayor\tHall\tOakton\n\tMayor\tHall\tElmton\n",
            "replace": "yes",
        }
    )
    assert (
        "2 recipients have no email address: <b>A, Row 2. Letters to these recipients go by hand or post"
        in author.open("recipients").words
    )
    many = "".join(f"{number:02} {'long ' * 20}\tMayor\n" for number in range(1, 23))
    author.take({"pasted": f"Name\tTitle\n{many}", "replace": "yes"})
    words = author.open("recipients").words.partition("22 recipients have no email address: ")[2]
    assert "20 long" in words
    assert words.partition(". Letters")[0].endswith("…, …")
    assert "long, " not in words.partition(". Letters")[0]


@pytest.mark.parametrize(
    "content",
    [
        PASTED.encode("utf-16"),
        PASTED.replace("\t", ";").encode("utf-8-sig"),
        PASTED.replace("\t", ",").replace("Sample", "Señor").encode("cp1252"),
    ],
)
def test_a_file_of_a_spreadsheet_replaces_the_list(author: Author, content: bytes) -> None:
    author.open("recipients")
    author.take({"file": content, "replace": "yes", "pasted": ""})
    text = author.draft().files["targets.csv"]
    assert text.count("\n") == 3
    assert "mayor@oakton.example" in text


def test_ten_thousand_rows_take_no_more_time_each_and_the_first_hundred_mistakes_told(author: Author) -> None:
    """The file is a spreadsheet's: with a byte order mark, semicolons, and line breaks inside quotation marks."""
    rows = [
        f'Mayor;Name {row};"City Hall\r\nRoom {row}";Town {row};'
        f"m{row}@{'' if row % 66 else 'nowhere '}t.example;{10_000 + row}"
        for row in range(10_000)
    ]
    content = "\r\n".join(["title;name;department;locality;email;postal codes", *rows]).encode("utf-8-sig")

    def take(share: float) -> str:
        author.open("recipients")
        part = content[: int(len(content) * share)]
        assert author.take({"file": part, "replace": "yes", "pasted": ""}).status == 200
        return author.open("recipients").body

    check_growth(take)
    page = author.open("recipients").body
    told = page.partition('id="mistakes"')[2].partition("</div>")[0]
    assert "There is more to do." in told
    places = re.findall(r"<li><a [^>]*>([^<]*)</a>", told)
    assert places == [f"Row {row + 1}, Email" for row in range(0, 6_600, 66)]
    assert "City Hall Room 9" in html.unescape(page)


@pytest.mark.asvs("5.2.2")
def test_what_is_no_table_is_said_at_its_field_and_kept(author: Author) -> None:
    before = author.draft()
    author.open("recipients")
    answer = author.take({"pasted": " \n "})
    assert answer.status == 422
    assert "there are no rows" in answer.words
    assert author.draft() == before


WITH_ZIPS = """Position;Name;E-Mail;Office;City;Fax;{zips}
Mayor;José Peña;alcalde@oakton.example;City of Oakton;Oakton;1;60201
Mayor;Zoë Ångström;ZOE@skokie.example;Village of Skokie;Skokie;2;60076, 60077
"""


@pytest.mark.parametrize("replaces", ["", "yes"])
def test_columns_that_are_left_out_are_named_after_the_upload(author: Author, replaces: str) -> None:
    author.open("recipients")
    pasted = WITH_ZIPS.format(zips="Zip Code(s)").replace("Fax", "<b>Fax</b>")
    answer = author.take({"pasted": pasted, "replace": replaces})
    assert (answer.status, "Saved in the draft" in answer.words) == (200, True)
    assert "<li><bdi>&lt;b&gt;Fax&lt;/b&gt;</bdi></li>" in answer.body
    author.open("recipients")
    unnamed = author.take({"pasted": pasted.replace("<b>Fax</b>", ""), "replace": replaces})
    assert "<li><bdi>Column 6</bdi></li>" in unnamed.body
    assert "These columns of your spreadsheet are not used:" in answer.words
    assert f'<a href="{author.base}/settings">' in answer.body
    assert "60076, 60077" in author.draft().files["targets.csv"]


ITS_COLUMNS = ["name", "title", "department", "locality", "email", "postal_codes", ""]


def chosen_in(page: str) -> list[str]:
    """Return what is chosen above each column."""
    selects = re.findall(r'<select id="column-.*?</select>', page, flags=re.DOTALL)
    return ["".join(re.findall(r'<option value="([^"]*)" selected', select)) for select in selects]


def test_a_spreadsheet_with_its_own_headings_is_asked_about_before_anything_is_saved(author: Author) -> None:
    before = author.draft()
    author.open("recipients")
    asked = author.send("recipients", {"pasted": OWN_HEADINGS, "do": "paste"})
    assert chosen_in(asked.body) == ITS_COLUMNS
    assert "Robin Sample" in asked.body
    assert author.draft() == before

    author.pages["recipients"] = asked.body
    answer = author.send("recipients", {"do": "columns"})
    assert "2 rows were taken." in answer.words
    assert "<li><bdi>Phone</bdi></li>" in answer.body
    assert (
        "oakton,Police Chief,Robin Sample,Oakton Police,Oakton,chief@oakton.example,02134,\n"
        in author.draft().files["targets.csv"]
    )


def test_rows_of_the_same_recipients_replace_them_and_keep_their_names_in_web_addresses(author: Author) -> None:
    author.open("recipients")
    author.take({"pasted": OWN_HEADINGS})
    lines = author.draft().files["targets.csv"].count("\n")
    author.open("recipients")
    again = OWN_HEADINGS.replace("Robin Sample", "Robin Renamed").replace("sheriff@elmville", "new@elmville")
    answer = author.take({"pasted": again.replace("Sasha Specimen", "Kim Successor")})
    assert "2 replace the rows of recipients who were in the list" in answer.words
    text = author.draft().files["targets.csv"]
    assert text.count("\n") == lines
    assert "oakton,Police Chief,Robin Renamed" in text
    assert "elmville,Sheriff,Kim Successor" in text
    assert "oakton-2" not in text


def test_the_last_import_is_undone(author: Author) -> None:
    author.open("recipients")
    author.send("recipients", {"cell-0-name": "Somebody Else", "do": "save"})
    before = author.draft().files["targets.csv"]
    author.open("recipients")
    answer = author.take({"pasted": OWN_HEADINGS, "replace": "yes"})
    author.pages["recipients"] = answer.body
    assert author.draft().files["targets.csv"] != before
    parser = Forms()
    parser.feed(answer.body)
    undo = next(values for _, values in parser.forms if "before" in values)
    author.post(f"{author.base}/recipients", undo | {"do": "undo"})
    assert author.draft().files["targets.csv"] == before


def test_a_column_that_is_chosen_twice_is_told_at_its_field(author: Author) -> None:
    before = author.draft()
    author.open("recipients")
    answer = author.take({"pasted": OWN_HEADINGS}, {"column-6": "email"})
    assert answer.status == 422
    assert 'href="#column-6"' in answer.body
    assert 'aria-describedby="column-6-error"' in answer.body
    assert chosen_in(answer.body)[6] == "email"
    assert author.draft() == before


def test_a_sheet_without_headings_is_asked_about_column_by_column(author: Author) -> None:
    author.open("recipients")
    rows = "Mayor\tKim Sample\tCity Hall\tOakton\tkim@oakton.example\t60201\n"
    asked = author.send("recipients", {"pasted": rows, "do": "paste"})
    assert asked.status == 200
    assert "Choose what each column is. Nothing is saved yet." in asked.words
    assert "Correct this first" not in asked.words
    author.pages["recipients"] = asked.body
    refused = author.send("recipients", {"do": "columns"})
    assert (refused.status, "Column 1 : choose what it is" in refused.words) == (422, True)
    author.pages["recipients"] = refused.body
    chosen = ("title", "name", "department", "locality", "email", "postal_codes")
    assert (
        author.send(
            "recipients", {**{f"column-{place}": column for place, column in enumerate(chosen)}, "do": "columns"}
        ).status
        == 200
    )
    assert "oakton,Mayor,Kim Sample,City Hall,Oakton,kim@oakton.example,60201," in author.draft().files["targets.csv"]


SCHOOLS = """Elementary\tschools\tof Franklin
School\tPrincipal\tE-mail
Oak Elementary\tAda Sample\tada@oak.example
Elm Elementary\tKim Sample\tkim@elm.example
"""


def test_a_title_and_a_town_that_all_share_are_typed_once(author: Author) -> None:
    author.open("recipients")
    author.pages["recipients"] = author.send("recipients", {"pasted": SCHOOLS, "replace": "yes", "do": "paste"}).body
    same = {"same-title": "<i>Principal", "same-locality": f" Columbus  {'x' * 500_000}"}
    back = author.send("recipients", {**same, "do": "back"})
    author.pages["recipients"] = back.body
    asked = author.send("recipients", {"do": "paste"})
    assert 'name="same-title" value="&lt;i&gt;Principal"' in asked.body
    author.pages["recipients"] = asked.body
    answer = author.send("recipients", {"do": "columns"})
    assert "2 rows were taken." in answer.words
    rows = author.draft().files["targets.csv"].splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == ["<i>Principal"] * 2
    assert "It has 301 characters, more than the maximum of 300." in answer.words
    assert len(rows[1]) < 1_000


def test_another_row_of_headings_chooses_the_columns_again(author: Author) -> None:
    before = author.draft()
    author.open("recipients")
    asked = author.send("recipients", {"pasted": f"Name\tTown\tMail\n{SCHOOLS}", "do": "paste"})
    assert chosen_in(asked.body) == ["name", "locality", "email"]
    author.pages["recipients"] = asked.body
    for do in ("headings", "columns"):
        again = author.send("recipients", {"headings": "3", "do": do})
        assert (again.status, chosen_in(again.body)) == (200, ["department", "name", "email"])
        assert author.draft() == before
    author.pages["recipients"] = again.body
    assert "2 rows were taken." in author.send("recipients", {"do": "columns"}).words
    assert "Oak Elementary" in author.draft().files["targets.csv"]


def test_a_row_of_headings_that_is_not_there_is_no_fault(author: Author) -> None:
    author.open("recipients")
    author.pages["recipients"] = author.send("recipients", {"pasted": OWN_HEADINGS, "do": "paste"}).body
    assert author.send("recipients", {"headings": "5", "do": "headings"}).status == 200
    answer = author.send("recipients", {"headings": "5", "chosen-by": "5", "column-0": "email", "do": "columns"})
    assert (answer.status, "there are no rows" in answer.words) == (422, True)


def test_going_back_from_the_columns_keeps_the_paste(author: Author) -> None:
    author.open("recipients")
    author.pages["recipients"] = author.send("recipients", {"pasted": OWN_HEADINGS, "do": "paste"}).body
    answer = author.send("recipients", {"do": "back"})
    assert OWN_HEADINGS in html.unescape(answer.body)


@pytest.mark.parametrize(
    "kept", ["", "x", packed("[1]"), packed('[["a"], []]'), packed("[" * 90_000), packed("0" * 9**7)]
)
def test_rows_that_no_page_kept_are_no_rows(author: Author, kept: str) -> None:
    author.open("recipients")
    author.pages["recipients"] = author.send("recipients", {"pasted": OWN_HEADINGS, "do": "paste"}).body
    answer = author.send("recipients", {"rows": kept, "do": "columns"})
    assert answer.status == 422
    assert "there are no rows" in answer.words


def test_recipients_who_lose_their_postal_codes_in_an_upload_are_named(author: Author) -> None:
    author.open("recipients")
    author.take({"pasted": WITH_ZIPS.format(zips="Zip"), "replace": "yes"})
    author.open("recipients")
    pasted = WITH_ZIPS.format(zips="Zip").replace(";Fax", "").replace(";1;60201", ";").replace(";2;", ";")
    answer = author.take({"pasted": pasted, "replace": "yes"})
    assert "had postal codes, and have none now, so they get everyone’s letters" in answer.words
    assert "<li><bdi>José Peña</bdi></li>" in answer.body
    assert "<li><bdi>Zoë Ångström</bdi></li>" not in answer.body
    assert "everyone can choose this recipient, beside their own" in author.open("preview").words


ROBBED = [["Title", "Name", "Department", "Town", "Email", "ZIP"]]
ROBBED += [["Mayor", "Ann Lee", "City Hall", "Cambridge", "ann@cambridge.example", "2139"]]


@pytest.mark.parametrize(
    "upload",
    [
        {"pasted": "\n".join(map("\t".join, ROBBED))},
        {"file": "\n".join(map(",".join, ROBBED)).encode()},
        {"file": xlsx("".join(f"<row>{''.join(map('<c t="str"><v>{}</v></c>'.format, row))}</row>" for row in ROBBED))},
    ],
    ids=["pasted", "CSV", "xlsx"],
)
def test_a_zip_code_without_its_zero_gets_it_back_and_the_page_says_so(
    author: Author, upload: Mapping[str, str | bytes]
) -> None:
    stack, draft = author.world.stack, author.draft()
    drafting.write(stack, CAMPAIGN, draft.revision, {}, "ann", {"region": "MA", "time_zone": "America/New_York"})
    author.open("recipients")
    answer = author.take({**upload, "replace": "yes"})
    assert "the spreadsheet left out zeros at the beginning, which we added again: 02139" in answer.words
    assert "<details open>" in answer.body
    compiled = drafting.check(author.draft())
    assert not compiled.mistakes
    assert [target.postal_codes for target in compiled.targets] == [("02139",)]


def test_what_to_look_at_in_the_list_is_said_while_other_steps_are_left(beginner: Author) -> None:
    beginner.open("recipients")
    taken = beginner.take({"pasted": PASTED.replace("Robin Sample", "ROBIN SAMPLE")})
    assert "letters show the name as it stands; did you mean Robin Sample?" in taken.words
    assert "What is left to do" in beginner.open("preview").words


@pytest.mark.asvs("5.2.1")
def test_a_file_of_more_than_four_megabytes_is_refused(author: Author) -> None:
    author.open("recipients")
    answer = author.take({"file": b"a" * (LARGEST_UPLOAD + 1)})
    assert answer.status == 413
    assert "4 MB" in answer.words


def test_a_large_table_is_shown_page_by_page(author: Author) -> None:
    rows = "".join(
        f"Mayor\tName {number}\tCity {number}\tTown {number}\tm{number}@town.example\t{10000 + number}\n"
        for number in range(500)
    )
    author.open("recipients")
    header, _, _ = PASTED.partition("\n")
    author.take({"pasted": f"{header}\n{rows}", "replace": "yes"})
    page = author.open("recipients")
    assert page.body.count("<input") < 250
    last = author.open("recipients?page=20")
    author.pages["recipients"] = last.body
    assert "Name 499" in last.body
    author.send("recipients", {"cell-499-name": "The Last", "do": "save"})
    text = author.draft().files["targets.csv"]
    assert "The Last" in text
    assert text.count("\n") == 501


def test_the_list_is_downloaded_as_a_spreadsheet_opens_it(author: Author) -> None:
    answer = author.see(f"{author.base}/recipients/file")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert b"chief@evanston-police.example" in answer.content


FORMULAS = ("=HYPERLINK(A1)", "@SUM(A1)", "+1 Oakton", "-2+3")


def test_no_cell_of_the_downloaded_list_is_a_formula_and_the_file_is_read_back_as_it_was(author: Author) -> None:
    author.open("recipients")
    cells = "\t".join((*FORMULAS, "a@b.org", "60201"))
    pasted = f"title\tname\tdepartment\tlocality\temail\tpostal codes\n{cells}\n"
    author.take({"pasted": pasted, "replace": "yes"})
    author.open("recipients")
    file = author.see(f"{author.base}/recipients/file").content
    downloaded = csv.reader(file.decode("utf-8-sig").split("\n"))
    assert not [cell for row in downloaded for cell in row if cell.startswith(("=", "+", "-", "@"))]
    author.take({"file": file, "replace": "yes", "pasted": ""})
    author.open("recipients")
    shown = author.form("recipients")
    assert [shown[f"cell-0-{column}"] for column in ("title", "name", "department", "locality")] == [*FORMULAS]


# Settings


def test_every_setting_has_a_field_and_the_page_sends_back_what_is_there(author: Author) -> None:
    author.open("settings")
    form = author.form("settings")
    expected = {setting.name for setting in SETTINGS} | {f"organizer.{setting.name}" for setting in ORGANIZER_SETTINGS}
    expected |= {f"es.{setting.name}" for setting in TRANSLATION_SETTINGS}
    of_page = {"token", "was", "kept-logo", "view", "to"}
    assert form.keys() - of_page == expected - {"id"} | {"languages.es", "region.other"}
    before = author.draft()
    assert author.send("settings", {"do": "save"}).status == 303
    assert author.draft() == before


def test_each_setting_can_be_written_on_the_page(author: Author) -> None:
    def as_typed(value: object) -> str:
        if isinstance(value, list):
            return "\n".join(value)
        return str(value).lower() if isinstance(value, bool) else str(value)

    author.open("settings")
    others = {name: value for name, value in OTHER_VALUES.items() if name not in {"id", "language"}}
    before = author.draft().files["settings"]
    assert [name for name, value in others.items() if DraftSettings.read(before).values.get(name) == value] == [
        "languages"
    ]
    author.send("settings", {**{name: as_typed(value) for name, value in others.items()}, "do": "save"})
    values = DraftSettings.read(author.draft().files["settings"]).values
    assert {name: values[name] for name in others} == others

    author.open("settings")
    author.send("settings", {"language": "es", "do": "save"})
    assert DraftSettings.read(author.draft().files["settings"]).values["language"] == "es"


def test_settings_are_kept_as_they_are_meant(author: Author) -> None:
    author.open("settings")
    changes = {"send_now_only": "true", "goal": "2,000", "closes": "2028-01-31", "sources": "flyer\nnews", "accent": ""}
    author.send("settings", {**changes, "do": "save"})
    values = DraftSettings.read(author.draft().files["settings"]).values
    assert (values["send_now_only"], values["goal"], values["closes"]) == (True, 2000, "2028-01-31")
    assert (values["sources"], values.get("accent")) == (["flyer", "news"], None)


def test_a_mistake_of_a_setting_is_at_its_field(author: Author) -> None:
    author.open("settings")
    author.send("settings", {"goal": "many", "organizer.email": "nobody", "do": "save"})
    page = author.open("settings")
    assert author.form("settings")["goal"] == "many"
    for name, said in (
        ("goal", "Write a whole number from 1 to 1,000,000,000."),
        ("organizer-email", "“nobody” is not a"),
    ):
        assert f'id="setting-{name}-error"' in page.body
        assert f'<a href="#setting-{name}">' in page.body
        assert page.words.count(said) == 1


def test_the_details_show_what_has_no_default_and_what_the_office_reads_and_fold_the_rest(beginner: Author) -> None:
    page = beginner.open("settings").body
    shown = page.partition("<main")[2].partition("<details")[0]
    assert re.findall(r'<label for="setting-([\w-]+)"', shown) == [
        *("title", "summary", "request", "organizer-name", "organizer-email", "region", "region-other"),
    ]
    assert '<details class="fold" open' not in page
    assert "Error:" not in page
    words = beginner.open("settings").words
    assert "One sentence What the letter asks for, in one sentence. It appears under the title on the form." in words
    assert "It appears in the email that brings the letters to an office, in place of the title" in words
    assert {"goal": "100", "deliver_on": "", "time_zone": ""}.items() <= beginner.form("settings").items()
    answers = {name: value for name, value in SETTINGS_OF_A_CAMPAIGN.items() if name != "goal"}
    assert beginner.send("settings", {**answers, "do": "save"}).status == 303
    assert not [one for one in drafting.check(beginner.draft()).mistakes if one.setting]


@pytest.mark.parametrize(
    ("language", "day", "hour", "zone", "own"),
    [
        (
            *("en", "The usual day: Monday", "The usual hour: 9:00 AM, Central Time (Chicago)"),
            *("Eastern Time (New York)", "If you choose a day or an hour, it is in the campaign’s time zone."),
        ),
        (
            *("es", "El día de siempre: Lunes", "La hora de siempre: 9:00 a.m., Hora central (Chicago)"),
            *("Nueva York", "Si elige un día o una hora, cuentan en la zona horaria de la campaña."),
        ),
    ],
)
def test_the_usual_day_and_hour_are_said_where_they_are_chosen(
    author: Author, *, language: str, day: str, hour: str, zone: str, own: str
) -> None:
    def usual(name: str) -> str:
        shown = author.open("settings").body.partition(f'name="{name}"')[2]
        return shown.partition('<option value=""')[2].partition("</option>")[0]

    author.jar[LANGUAGE_COOKIE] = language
    assert usual("deliver_on").endswith(f">{day}")
    assert usual("deliver_at").replace("\u202f", " ").endswith(f">{hour}")
    assert own in author.open("settings").words
    # With a day of its own, a campaign has the hour of its own time zone.
    author.send("settings", {"deliver_on": "TUE", "time_zone": "America/New_York", "do": "save"})
    assert zone in usual("deliver_at")


@pytest.mark.parametrize("chosen", ["MON", "SUN"])
def test_the_day_on_which_letters_go_out_is_chosen(author: Author, chosen: str) -> None:
    author.open("settings")
    assert author.send("settings", {"deliver_on": chosen, "do": "save"}).status == 303
    assert DraftSettings.read(author.draft().files["settings"]).values["deliver_on"] == chosen
    assert not drafting.check(author.draft()).mistakes
    author.open("settings")
    assert author.form("settings")["deliver_on"] == chosen


def test_another_text_for_a_choice_is_kept_until_it_is_changed(author: Author) -> None:
    stack = author.world.stack
    drafting.write(stack, CAMPAIGN, 0, {}, ANN, {"show_goal": "sometimes"})
    page = author.open("settings").body
    assert 'id="setting-show_goal-error"' in page
    assert "show_goal" not in author.form("settings")
    author.send("settings", {"goal": "60", "do": "save"})
    assert DraftSettings.read(author.draft().files["settings"]).values["show_goal"] == "sometimes"


def test_a_list_that_cannot_be_read_is_pasted_again_or_taken_back(author: Author) -> None:
    break_file(author, "targets.csv", UNREADABLE_TABLE)
    for step in ("letter", "settings", "recipients", "preview", "publish"):
        assert author.open(step).status == 200
    said = author.open("publish").words
    assert "we can’t read this list; paste it again, or go back to one of the “Earlier versions”" in said


# Two people at once


def to_copy(answer: Answer) -> list[str]:
    """Return the texts that a page shows because they were not saved."""
    assert answer.status == 409
    found = re.findall(r'<textarea id="typed-[0-9]+"[^>]* readonly [^>]*>\n([^<]*)</textarea>', answer.body)
    return [html.unescape(text) for text in found]


@pytest.mark.parametrize(("address", "file"), [("letter", "letter.md"), ("letter?lang=es", "letter.es.md")])
def test_the_second_of_two_letters_is_shown_to_copy_and_overwrites_nothing(
    world: World, author: Author, address: str, file: str
) -> None:
    other = Author(world, jar=author.jar)
    for one in (author, other):
        one.open(address)
    text = author.form(address, "letter")["text"].rstrip()
    other.send(address, {"text": f"{text}\n\nTheirs.", "do": "save"}, "letter")
    before = author.draft().files
    answer = author.send(address, {"text": f"{text}\n\nMine.", "do": "save"}, "letter")
    [mine] = to_copy(answer)
    assert mine.rstrip() == f"{text}\n\nMine."
    assert author.draft().files == before
    assert f'href="{author.base}/{address}"' in answer.body
    author.open(address)
    assert author.send(address, {"text": mine, "do": "save"}, "letter").status == 303
    assert author.draft().files == {**before, file: merged_letter(mine, "en")}
    assert author.draft().earlier[0].by == author.draft().changed_by


def test_a_change_that_another_saved_beside_a_refused_website_is_not_published(world: World, author: Author) -> None:
    for step, goal in (("settings", "700"), ("publish?where=developer", ""), ("settings", "800")):
        author.open(step)
        if goal:
            author.send(step, {"goal": goal, "do": "save"})
    refused = author.send("publish?where=developer", {"website": "no website"}, "publish")
    assert refused.status == 422
    author.pages["publish"] = refused.body
    answer = author.send("publish", {"website": "https://www.example.org"})
    assert answer.status == 409
    assert "This is how it is now. Nothing was published." in answer.words
    assert Campaigns(world.stack.table).campaign(CAMPAIGN).goal == 500


@pytest.mark.parametrize(
    ("step", "button", "mine", "theirs"),
    [
        ("letter", {"do": "show"}, {"text": "My words."}, {"text": "Their words."}),
        ("letter?lang=es", {"do": "show"}, {"text": "My words."}, {"text": "Their words."}),
        ("letter", {"do": "example"}, {"text": "My words."}, {"text": "Their words."}),
        ("settings", {"do": "show"}, {"goal": "888"}, {"goal": "777"}),
        ("settings", {"do": "save", "logo": b"no picture"}, {"goal": "888"}, {"goal": "777"}),
        ("recipients", {"do": "more"}, {"cell-2-name": "Mine"}, {"cell-2-name": "Theirs"}),
        ("recipients", {"do": "paste"}, {"cell-2-name": "Mine"}, {"cell-2-name": "Theirs"}),
    ],
)
def test_a_page_that_is_shown_again_overwrites_nothing_that_another_saved_meanwhile(
    world: World,
    author: Author,
    *,
    step: str,
    button: dict[str, str | bytes],
    mine: dict[str, str],
    theirs: dict[str, str],
) -> None:
    other = Author(world, jar=author.jar)
    for one in (author, other):
        one.open(step)
    assert other.send(step, {**theirs, "do": "save"}).status == 303
    saved = author.draft().files
    again = author.send(step, {**mine, **button})
    assert again.status in {200, 422}
    author.pages[step] = again.body
    answer = author.send(step, {**mine, "do": "save"})
    assert mine.popitem()[1] in "".join(to_copy(answer))
    assert author.draft().files == saved


def test_rows_that_are_undone_meet_only_what_another_saved_meanwhile(author: Author) -> None:
    author.open("recipients")
    author.pages["recipients"] = author.take({"pasted": PASTED}).body
    undone = author.send("recipients", {"cell-2-name": "Mine", "do": "undo"})
    author.pages["recipients"] = undone.body
    assert author.send("recipients", {"do": "save"}).status == 303
    assert "Mine" in author.draft().files["targets.csv"]


def test_two_people_in_two_steps_do_not_meet(world: World, author: Author) -> None:
    other = Author(world, jar=author.jar)
    for step in ("letter", "recipients", "settings"):
        author.open(step)
    other.open("settings")
    other.send("settings", {"goal": "777", "do": "save"})
    text = author.form("letter")["text"].replace("Dear", "Honored")
    assert author.send("letter", {"text": text, "do": "save"}).status == 303
    assert author.send("recipients", {"cell-2-name": "Mine", "do": "save"}).status == 303
    files = author.draft().files
    assert "Honored" in files["letter.md"]
    assert "Mine" in files["targets.csv"]
    assert '"goal": 777' in files["settings"]


def test_a_page_that_is_sent_twice_meets_nobody(author: Author) -> None:
    author.open("settings")
    for _ in range(2):
        assert author.send("settings", {"goal": "777", "do": "save"}).status == 303


def test_the_second_of_two_settings_is_shown_to_copy_and_overwrites_nothing(world: World, author: Author) -> None:
    other = Author(world, jar=author.jar)
    author.open("settings")
    other.open("settings")
    other.send("settings", {"goal": "777", "do": "save"})
    saved = author.draft().files
    answer = author.send("settings", {"goal": "888", "title": "Mine", "send_now_only": "true", "do": "save"})
    assert to_copy(answer) == ["Mine", "888", "Yes"]
    assert all(label in answer.words for label in ("Title", "Goal", "Only when somebody presses “Send now”"))
    assert "Somebody else saved this meanwhile" in answer.words
    assert author.draft().files == saved


def test_the_second_of_two_tables_is_shown_to_copy_and_overwrites_nothing(world: World, author: Author) -> None:
    other = Author(world, jar=author.jar)
    author.open("recipients")
    other.open("recipients")
    new = max(int(name.split("-")[1]) for name in author.form("recipients") if name.startswith("was-"))
    other.send("recipients", {"remove-0": "yes", "cell-2-name": "Theirs", "do": "save"})
    saved = author.draft().files
    typed = {"cell-2-name": "Mine", "cell-3-name": "Also mine", "remove-4": "yes"}
    [mine] = to_copy(author.send("recipients", {**typed, f"cell-{new}-name": "Kim New", "do": "save"}))
    assert author.draft().files == saved
    author.open("recipients")
    author.take({"pasted": mine, "replace": "yes"})
    table = author.draft().files["targets.csv"]
    assert all(name in table for name in ("Mine", "Also mine", "Kim New"))
    assert "Theirs" not in table


@pytest.fixture
def landing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what lets somebody else's save land just before the next write."""

    def lands(file: str, before: str, after: str) -> None:
        write = drafting.write

        def late(stack: Stack, campaign: str, *args: Any, **kwargs: Any) -> Draft:
            monkeypatch.setattr(drafting, "write", write)
            now = drafting.draft_of(stack, campaign)
            assert before in now.files[file]
            write(stack, campaign, now.revision, {file: now.files[file].replace(before, after)}, ANN)
            return write(stack, campaign, *args, **kwargs)

        monkeypatch.setattr(drafting, "write", late)

    return lands


def test_a_save_that_another_overtakes_is_shown_to_copy(author: Author, landing: Callable[..., None]) -> None:
    author.open("settings")
    landing("settings", '"goal": 500', '"goal": 777')
    answer = author.send("settings", {"title": "Mine", "logo": png(640, 240), "do": "save"})
    assert "Mine" in to_copy(answer)
    assert '"goal": 777' in author.draft().files["settings"]


def test_what_no_file_can_hold_is_replaced_in_rows(author: Author) -> None:
    author.open("recipients")
    typed = {**author.form("recipients"), "cell-0-name": "\ud800", "cell-0-town\udfff": "x", "do": "save"}
    headers = {**SAME_ORIGIN, "content-type": "application/json"}
    sent = author.world.post(
        f"{author.base}/recipients", raw=json.dumps(typed).encode(), headers=headers, cookies=author.cookies
    )
    assert sent.status == 303
    assert "?" in author.draft().files["targets.csv"].split("\n")[1]


def test_rows_are_added_to_what_somebody_else_saved_meanwhile(world: World, author: Author) -> None:
    other = Author(world, jar=author.jar)
    author.open("recipients")
    author.pages["recipients"] = author.send("recipients", {"pasted": PASTED, "do": "paste"}).body
    other.open("recipients")
    other.send("recipients", {"cell-2-name": "Theirs", "do": "save"})
    assert "2 rows were taken." in author.send("recipients", {"do": "columns"}).words
    text = author.draft().files["targets.csv"]
    assert "Theirs" in text
    assert "mayor@oakton.example" in text


def test_a_text_of_a_language_that_somebody_else_removed_is_not_lost(author: Author) -> None:
    author.open("settings")
    stack, draft = author.world.stack, author.draft()
    drafting.write(stack, CAMPAIGN, draft.revision, {}, ANN, {"languages": None})
    assert "Otro" in to_copy(author.send("settings", {"es.title": "Otro", "do": "save"}))


def test_a_draft_that_changed_meanwhile_is_not_published(world: World, author: Author) -> None:
    author.open("settings")
    author.send("settings", {"goal": "700", "do": "save"})
    author.open("publish")
    author.open("settings")
    author.send("settings", {"goal": "800", "do": "save"})
    answer = author.send("publish", {"why": "A new goal"})
    assert answer.status == 409
    assert "This is how it is now. Nothing was published." in answer.words
    assert "What publishing changes Goal " in answer.words
    assert Campaigns(world.stack.table).campaign(CAMPAIGN).goal == 500
    author.pages["publish"] = answer.body
    assert author.form("publish")["why"] == "A new goal"
    assert author.send("publish", {}).status == 303
    assert Campaigns(world.stack.table).campaign(CAMPAIGN).goal == 800


# Drafts that can't be read any more


UNREADABLE_TABLE = f'id,name\n"{"a" * 200_000}'


def break_file(author: Author, file: str, text: str) -> None:
    stack = author.world.stack
    drafting.write(stack, author.campaign, author.draft().revision, {file: text}, ANN)


# Test signatures and previews


def test_the_preview_names_the_words_for_which_filters_may_hold_back_emails(author: Author) -> None:
    said = "Filters may hold that back for these words: sex. Say it in other words if you can."
    assert "Filters" not in author.open("preview").words
    author.open("settings")
    author.send("settings", {"request": "Please arrest the buyers of sex.", "do": "save"})
    assert f"What you ask of recipients : This is in the email to a recipient. {said}" in author.open("preview").words


def test_the_preview_on_paper_ends_with_the_letter_and_has_no_empty_back_of_a_sheet(author: Author) -> None:
    assert re.findall(r'<img src="[^"]*page=([0-9]+)', author.open("preview?to=evanston").body) == ["1", "3"]
    assert author.open("preview/paper?to=evanston&page=4").status == 404
    with_address = author.draft().files["targets.csv"]
    break_file(author, "targets.csv", with_address.replace("chief@evanston-police.example", ""))
    shown = author.open("preview?to=evanston").body
    assert re.findall(r'<img src="[^"]*page=([0-9]+)', shown) == ["1", "3", "7"] * 2
    assert author.open("preview/paper?to=evanston&page=8").status == 404
    assert "Its recipient is made up" not in author.open("preview").words
    author.open("preview?view=paper&to=evanston")
    again = author.send("preview?view=paper&to=evanston", {}, "test-email").headers["location"]
    assert again.endswith("/preview?done=test-sent&view=paper&to=evanston")
    said = "We send the email that Police Chief Indigo Mockup would get, with its PDF, to"
    assert said in author.open("preview").words


def test_what_people_will_see_is_there_whatever_is_missing(world: World, beginner: Author) -> None:
    for step in ("letter", "settings", "preview"):
        page = beginner.open(step)
        assert "frame-src 'self'" in page.headers["content-security-policy"]
        assert f'src="{beginner.base}/preview/email?to=sample"' in page.body
    assert "[Title] Avery Sample" in beginner.open("preview").words
    assert "Its recipient is made up, too, until you add recipients." in beginner.open("preview").words
    assert "[Your organization]" in beginner.open("preview/page?in=en").words
    mail = beginner.open("preview/email")
    assert "[Your organization] sends you 1 signed letter" in mail.words
    assert mail.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    page = world.get(f"{beginner.base}/preview/paper?page=2", cookies=beginner.cookies)
    assert page.content.startswith(b"\x89PNG")
    assert beginner.open("preview/paper?page=9").status == 404
    # A letter that nobody understands is there, too.
    stack, draft = world.stack, beginner.draft()
    letter = "Dear {{ target.title }} {{ nobody }}, {{ targt.name }}, {% hurry!"
    drafting.write(stack, NEW, draft.revision, {"letter.md": letter, "targets.csv": "x"}, ANN)
    page = beginner.open("preview")
    assert "Dear [recipient’s title] [nobody], [targt.name], % hurry!" in page.words
    assert "://targt" not in page.body
    assert world.run_stream() == world.sent == []


def test_each_recipient_is_chosen_in_the_preview(author: Author) -> None:
    page = author.open("preview?to=glencoe&view=paper").words
    chosen = next(one for one in Campaigns(author.world.stack.table).targets(CAMPAIGN) if one.id == "glencoe")
    assert f"{chosen.title} {chosen.name}, " in page
    assert 'value="paper" checked' in author.pages["preview?to=glencoe&view=paper"]
    assert chosen.name in author.open("preview/email?to=glencoe").words
    form = author.open("preview/page?to=glencoe&in=en").body
    assert f"Your letter to {chosen.title} {chosen.name}" in form
    assert 'value="60022"' in form
    assert '<h2 id="letter-title">' in form, "it takes no focus from the page around it"


def test_the_preview_is_of_ones_own_first_recipient_on_every_step_also_with_something_left(beginner: Author) -> None:
    beginner.open("letter")
    beginner.send("letter", {"text": LETTER, "do": "save"})
    beginner.open("recipients")
    beginner.take({"pasted": PASTED.replace("mayor@oakton.example", "nobody")})
    assert "“nobody” is not a whole email address" in beginner.open("preview").words
    for step in ("letter", "settings", "preview"):
        page = beginner.open(step)
        assert re.search(r'value="oakton" selected>Mayor Robin Sample<', page.body), step
        assert "Dear Mayor Robin Sample," in page.words.partition("Nobody has signed this letter")[2], step


def test_the_letter_is_shown_to_each_recipient_as_the_made_up_signer_of_its_state_signs_it(author: Author) -> None:
    settings = author.draft().files["settings"].replace('"region": "IL"', '"region": "TX"')
    break_file(author, "settings", settings)
    for step in ("letter", "preview", "settings"):
        assert "Glencoe, TX 60022" in author.open(f"{step}?to=glencoe").words, step


def test_the_preview_shows_spanish_signers_their_form_with_an_english_letter(author: Author) -> None:
    stack = author.world.stack
    drafting.write(
        stack, author.campaign, drafting.draft_of(stack, author.campaign).revision, {"letter.es.md": None}, "ann"
    )
    assert "preview/page?to=deerfield&amp;in=es" in author.open("preview").body
    page = author.see(f"{author.base}/preview/page?in=es").body
    assert '<html lang="es"' in page
    assert "La carta está en inglés." in page


def test_every_recipient_of_a_long_list_can_be_chosen(author: Author) -> None:
    rows = "\n".join(f"m{n},Mayor,Name {n},Hall,Town {n},m{n}@oakton.example," for n in range(250))
    break_file(author, "targets.csv", f"id,title,name,department,locality,email,postal_codes\n{rows}\n")
    page = author.open("preview")
    assert page.body.count("<option") == 250
    assert "These are the first 100 of 250." in page.words


def test_the_preview_of_the_page_can_send_nothing(author: Author) -> None:
    answer = author.see(f"{author.base}/preview/page?in=es")
    assert answer.status == 200
    policy = answer.headers["content-security-policy"]
    assert "form-action 'none'" in policy
    assert policy.endswith("frame-ancestors 'self'")
    assert not answer.cookies, "a look at a language changes that of no page"
    assert "Fin a la demanda" in answer.body
    assert "<script" not in answer.body


@pytest.mark.parametrize(
    ("language", "everyone", "others", "several"),
    [
        ("en", "everyone", "everyone not listed", "60201, all that begin with 603, 60401"),
        ("es", "todos", "todos los que no están en la lista", "60201, todos los que empiezan por 603, 60401"),
    ],
)
def test_the_preview_says_in_words_whose_letters_each_recipient_gets(
    author: Author, language: str, everyone: str, others: str, several: str
) -> None:
    row = "Mayor;{0};City Hall;{0}ton;{0}@oakton.example;{1}\n".format
    cells = {"Ann": "", "Bo": "*", "Cy": "60201, 603*, 60401"}
    author.open("recipients")
    pasted = "Title;Name;Department;Town;Email;Postal codes\n" + "".join(starmap(row, cells.items()))
    author.take({"pasted": pasted, "replace": "yes"})
    author.jar[LANGUAGE_COOKIE] = language

    said = author.open("preview").words

    for name, codes in {"Ann": everyone, "Bo": others, "Cy": several}.items():
        assert re.search(rf"(Mayor {name}|{name} \(Mayor\)) {name}ton {codes} ", said)


def test_the_preview_says_of_a_thousand_recipients_which_it_shows(author: Author) -> None:
    rows = (f"Mayor;Ann {n};City Hall;Oakton;ann{n}@oakton.example;{60000 + n}\n" for n in range(1_000))
    author.open("recipients")
    headings = "Title;Name;Department;Town;Email;ZIP codes\n"
    author.take({"pasted": headings + "".join(rows), "replace": "yes"})

    said = author.open("preview").words

    assert "60099 These are the first 100 of 1,000." in said
    assert "60100" not in said


# Who may


def test_a_viewer_sees_no_workshop(world: World) -> None:
    reader = Author(world)
    reader.enter("viewer")
    assert reader.open("letter").status == 403
    assert "/workshop" not in reader.see("").body


# Hostile organizers


def test_a_hostile_letter_shows_no_markup_while_it_is_typed(author: Author) -> None:
    author.open("letter")
    answer = author.send("letter", {"text": HOSTILE + LETTER, "do": "live"})
    assert answer.status == 200
    assert "<img" not in answer.body
    assert "<style" not in answer.body


# Weight


def test_the_heaviest_page_has_at_most_60_kb_of_style_and_scripts(author: Author) -> None:
    page = author.open("publish").body
    style = re.search(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    assert style
    scripts = [author.world.get(address) for address in re.findall(r'<script[^>]* src="([^"]+)"', page)]
    assert len(scripts) == 3
    assert len(style[1]) + sum(len(script.content) for script in scripts) <= 60_000


# Closing and deleting


def test_a_campaign_is_closed_and_then_deleted_in_the_workshop(world: World, author: Author) -> None:
    author.open("publish")
    assert "Within a minute, nobody can sign any more." in author.open("publish").words
    assert author.send("publish", {"why-close": "Over"}, "close").headers["location"].endswith("done=closed")
    page = author.open("publish?done=closed").words
    assert "The campaign is closed. Within a minute, nobody can sign any more." in page
    assert "Closed since November 24, 2026: nobody can sign." in page
    author.open("publish")
    assert author.send("publish", {"why-reopen": "Not yet"}, "reopen").headers["location"].endswith("done=reopened")
    assert "Closed since" not in author.open("publish?done=reopened").words
    author.open("publish")
    author.send("publish", {"why-close": "Over"}, "close")
    world.restart("organizer_api")
    # Only an owner may delete it.
    assert "Delete the campaign" not in author.open("publish").body
    author.enter("owner")
    title = Campaigns(world.stack.table).campaign(CAMPAIGN).title
    page = author.open("publish").words
    assert f"To confirm, type the title: {title}" in page
    kept = author.send("publish", {"title": CAMPAIGN}, "delete")
    assert "Nothing was deleted. To confirm, type the campaign’s title" in kept.words
    assert Campaigns(world.stack.table).campaign(CAMPAIGN).closes is not None
    deleted = author.send("publish", {"title": f" {title.lower()} "}, "delete")
    assert deleted.headers["location"] == "/organizer?done=deleted"
    assert "The campaign is deleted." in author.see("/organizer?done=deleted").words
    with pytest.raises(NotFoundError):
        Campaigns(world.stack.table).campaign(CAMPAIGN)


def test_a_deletion_that_stopped_after_the_letters_text_goes_on_with_the_same_button(
    world: World, author: Author
) -> None:
    author.open("publish")
    author.send("publish", {"why-close": "Over"}, "close")
    author.enter("owner")
    title = Campaigns(world.stack.table).campaign(CAMPAIGN).title
    author.open("publish")
    for version in Campaigns(world.stack.table).campaign(CAMPAIGN).letters.values():
        world.stack.table.delete(Letter.locate(campaign=CAMPAIGN, version=version))
    world.restart("organizer_api")

    assert author.send("publish", {"title": title}, "delete").headers["location"] == "/organizer?done=deleted"
    with pytest.raises(NotFoundError):
        Campaigns(world.stack.table).campaign(CAMPAIGN)


def test_a_campaign_with_letters_is_not_deleted_and_the_page_says_how_to_erase_them(
    world: World, author: Author
) -> None:
    world.confirmed()
    author.open("publish")
    author.send("publish", {"why-close": "Over"}, "close")
    world.restart("organizer_api")
    author.enter("owner")
    author.open("publish")
    assert "the list of 10 recipients 1 confirmed letter all deliveries" in author.open("publish").words
    title = Campaigns(world.stack.table).campaign(CAMPAIGN).title
    refused = author.send("publish", {"title": title}, "delete").words
    assert "Letters still have personal data (1)." in refused
    assert "or erase it with “Check letters”." in refused


def test_an_open_campaign_says_in_the_same_place_that_it_has_to_be_closed_first(author: Author) -> None:
    author.enter("owner")
    page = author.open("publish")
    assert "everybody’s access to the campaign, and its keys People can still sign. First close" in page.words
    title = Campaigns(author.world.stack.table).campaign(CAMPAIGN).title
    assert (
        "People can still sign. First close the campaign." in author.send("publish", {"title": title}, "delete").words
    )
    assert author.open("publish").status == 200


def test_a_campaign_that_was_never_published_is_deleted_in_the_same_place_by_its_title(beginner: Author) -> None:
    fill_in(beginner)
    page = beginner.open("publish").words
    assert "the letter, the details and all earlier versions the list of 2 recipients everybody’s access" in page
    assert "Nothing was deleted" in beginner.send("publish", {"title": "Streets"}, "discard").words
    assert beginner.draft().files
    assert (
        beginner.send("publish", {"title": "Safer streets"}, "discard").headers["location"] == "/organizer?done=deleted"
    )
    with pytest.raises(NotFoundError):
        beginner.draft()


# New campaigns


@pytest.fixture
def administrator(world: World) -> Author:
    browser = Browser(world)
    browser.sign_in(ADMINISTRATOR)
    return Author(world, jar=browser.jar, campaign=NEW)


def begin(author: Author, **values: str) -> Answer:
    page = author.see("/organizer/new")
    found = re.search(r'action="/organizer/new".*?name="token" value="([^"]+)"', page.body, flags=re.DOTALL)
    assert found
    sent = {"token": found[1], **values}
    return author.post("/organizer/new", sent)


def test_a_campaign_begins_with_its_letter_and_is_named_after_its_title(world: World, administrator: Author) -> None:
    made = begin(administrator, title="Safer streets", text=PAPER, do="letter")
    assert made.headers["location"] == f"/organizer/dashboard/{NEW}/workshop/letter"
    shown = administrator.open("letter")
    assert "Dear Mayor [fill in], I live in [fill in]. Please act. Name: [fill in] " in shown.words
    assert "In a new letter, we add [your own words] above the closing" in shown.words
    assert "The form asks for nothing else." in shown.words
    text = administrator.draft().files["letter.md"]
    for words in ("recipient's name", "your town", "your name", "your address", "date"):
        text = text.replace("[fill in]", f"[{words}]", 1)
    assert administrator.send("letter", {"text": text}).status == 303
    draft = administrator.draft()
    assert "I live in {{ signer.locality }}." in draft.files["letter.md"]
    assert "\n\n{{ note }}\n" in draft.files["letter.md"]
    values = DraftSettings.read(draft.files["settings"]).values
    assert values["title"] == "Safer streets"
    assert draft.changed_by == ADMINISTRATOR
    assert "I live in Oakton. Please act." in administrator.open("letter").words
    assert NEW in administrator.see("/organizer").body
    # The next one with this title has a name of its own.
    again = begin(administrator, title="Safer streets", text=PAPER, do="letter")
    assert again.headers["location"] == f"/organizer/dashboard/{NEW}-2/workshop/letter"


def test_a_long_title_makes_a_name_for_web_addresses_of_whole_words(administrator: Author) -> None:
    made = begin(administrator, title="Keep our libraries open after school, principals", text="", do="letter")
    assert made.headers["location"] == "/organizer/dashboard/keep-our-libraries-open-after-school/workshop/letter"
    made = begin(administrator, title=f"{'Long' * 11} title", text="", do="letter")
    assert made.headers["location"] == f"/organizer/dashboard/{'long' * 10}/workshop/letter"


def test_a_letter_that_is_pasted_over_the_empty_one_has_a_place_for_own_words(administrator: Author) -> None:
    begin(administrator, title="Safer streets", text="", do="letter")
    for text, places in (("Dear Mayor,\n\nPlease act.\n\nSincerely,", 1), ("Dear Mayor,\n\nAct.", 0)):
        administrator.open("letter")
        assert administrator.send("letter", {"text": text}).status == 303
        letter = administrator.draft().files["letter.md"]
        assert letter.count("{{ note }}\n\nSincerely") == places, "and who removes it has no other"


@pytest.mark.parametrize(
    ("letter", "language"),
    [
        ("Estimado alcalde:\n\nVivo en su ciudad, y le pido que la calle sea segura para los niños.", "es"),
        ("Dear Mayor,\n\nI live in Los Altos, on the Calle de la Luz, and ask that you act for our children.", "en"),
        ("", "en"),
    ],
)
def test_a_campaign_has_the_language_of_its_pasted_letter(administrator: Author, letter: str, language: str) -> None:
    begin(administrator, title="Calles seguras", campaign=NEW, text=letter, do="letter")
    assert DraftSettings.read(administrator.draft().files["settings"]).values["language"] == language
    details = administrator.open("settings").body
    assert re.search(rf'<option value="{language}" selected>', details), "and people can change it there"


def test_a_pasted_letter_that_is_too_long_says_so_at_its_field(world: World, administrator: Author) -> None:
    answer = begin(administrator, title="Safer streets", text="a " * 20_000, do="letter")
    assert answer.status == 422
    assert 'id="text-error"' in answer.body
    assert "the letter has 39,999 characters, more than the maximum of 20,000; shorten it" in answer.words
    assert Drafts(world.stack).campaigns() == ()


@pytest.mark.parametrize(
    ("pressed", "copy", "letter", "recipients"),
    [("letter", "", 0, 0), ("example", "", 1, 0), ("letter", CAMPAIGN, 1, 1)],
)
def test_a_campaign_begins_without_a_letter_with_our_example_of_one_or_with_a_copy(
    administrator: Author, pressed: str, copy: str, letter: int, recipients: int
) -> None:
    made = begin(administrator, title="A new title", campaign=NEW, do=pressed, copy=copy)
    files = administrator.draft().files
    assert files["letter.md"].count("sexual exploitation that happen here") == letter
    assert files["targets.csv"].count("chief@evanston") == recipients
    assert made.headers["location"] == f"/organizer/dashboard/{NEW}/workshop/letter"
    values = DraftSettings.read(administrator.draft().files["settings"]).values
    assert (values["id"], values["title"]) == (NEW, "A new title")


@pytest.mark.parametrize(
    "values",
    [
        {"title": ""},
        {"title": "T", "campaign": CAMPAIGN},
        {"title": "T", "campaign": "No Name"},
        {"title": "T", "do": "copy", "copy": "nowhere"},
        {"title": HOSTILE, "campaign": HOSTILE, "copy": HOSTILE, "text": HOSTILE},
    ],
)
def test_a_campaign_that_cannot_begin_says_why_and_keeps_what_was_typed(
    world: World, administrator: Author, values: dict[str, str]
) -> None:
    answer = begin(administrator, **{"do": "example", **values})
    assert answer.status == 422
    assert 'role="alert"' in answer.body
    assert "<img" not in answer.body
    assert Drafts(world.stack).campaigns() == ()


def test_the_administrator_gives_a_campaign_that_is_not_published_an_owner(world: World, administrator: Author) -> None:
    begin(administrator, title="Safer streets", do="example")
    people = f"/organizer/dashboard/{NEW}/people"
    page = administrator.see(people).body
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    values = {"token": token[1], "email": ANN, "role": "owner"}
    assert administrator.post(people, values).status == 303
    world.run_people_mails()
    assert (world.sent[-1].to, world.sent[-1].mail["Subject"]) == (ANN, f"You are invited to “{NEW}”")
    browser = Browser(world)
    browser.sign_in(ANN)
    owner = Author(world, jar=browser.jar, campaign=NEW)
    assert NEW in owner.see("/organizer").body
    owner.open("letter")
    assert owner.send("letter", {"text": LETTER, "do": "save"}).status == 303
    assert owner.draft().changed_by == ANN


@pytest.mark.parametrize(("page", "language", "begins"), [("es", "es", "Respetable"), ("en", "en", "Dear")])
def test_our_example_of_a_letter_has_the_language_of_the_page(
    administrator: Author, page: str, language: str, begins: str
) -> None:
    administrator.see(f"/organizer?lang={page}")
    begin(administrator, title="Safer streets", do="example")
    draft = administrator.draft()
    assert DraftSettings.read(draft.files["settings"]).values["language"] == language
    assert begins in draft.files["letter.md"]


def test_the_form_of_a_new_campaign_is_in_the_language_that_the_reader_chose(administrator: Author) -> None:
    browser = Browser(administrator.world, jar=administrator.jar)
    assert '<html lang="en">' in browser.see("/organizer/new").body
    browser.see("/organizer?lang=es")
    assert '<html lang="es">' in browser.see("/organizer/new").body


def test_only_the_administrator_makes_campaigns(world: World, author: Author) -> None:
    for method in ("GET", "POST"):
        answer = world.request(method, "/organizer/new", {} if method == "POST" else None, cookies=author.cookies)
        assert answer.status == 403
    assert world.get("/organizer/new").status == 303


def test_the_share_preview_shows_the_picture_that_other_sites_show(author: Author) -> None:
    page = author.open("publish?where=page").body
    assert SHARED_PICTURE in page
    assert author.world.get(f"/campaigns/{CAMPAIGN}/share.png").headers["content-type"] == "image/png"
    answer = author.see(f"{author.base}/publish")
    assert "img-src 'self'" in answer.headers["content-security-policy"]


SNIPPETS = ("script", "frame", "button", "own-form", "shortcode")


def snippets(page: Answer) -> set[str]:
    return {name for name in SNIPPETS if f'id="snippet-{name}"' in page.body}


@pytest.fixture
def unlisted(author: Author) -> Author:
    """Return an organizer of a published campaign that allows only listed websites, and lists none."""
    author.world.change(allowed_origins=(), any_website=False)
    return author


def add_website(author: Author, address: str, **more: str) -> Answer:
    author.open("publish?where=developer")
    return author.send("publish?where=developer", {"website": address, **more}, "website")


def test_while_no_website_may_show_the_form_publish_says_so(unlisted: Author) -> None:
    page = unlisted.open("publish?where=developer")

    assert snippets(page) == set()
    assert "No website may show the form yet. Name yours and publish" in page.words


def test_any_website_may_show_the_form_so_publish_has_at_once_what_to_paste(author: Author) -> None:
    author.world.change(allowed_origins=())
    page = author.open("publish?where=developer")
    assert snippets(page) == {"script", "frame"}
    assert "The form shows on any website, with room for the longest form." in page.words
    assert snippets(author.open("publish?where=builder")) == {"frame", "button"}
    author.world.change(allowed_origins=("https://www.trees.example",))
    words = author.open("publish?where=developer").words
    assert "The form shows on any website. On www.trees.example , it shows at its full height." in words
    add_website(author, "https://sites.trees.example")
    words = author.open("publish?where=developer").words
    assert "Not published yet: sites.trees.example ." in words
    assert "doesn’t show there" not in words


def test_wordpress_gets_a_plugin_and_what_to_paste(author: Author) -> None:
    page = author.open("publish?where=wordpress")
    link = f"https://letters.example/campaigns/{CAMPAIGN}"
    assert f"[undersigned link=&#34;{link}&#34;]</textarea>" in page.body
    assert "enters https://letters.example as Address of the letters" in page.words
    assert "The form shows only on the websites that are named" not in page.words
    answer = author.see(f"{author.base}/wordpress")
    assert answer.headers["content-disposition"] == 'attachment; filename="undersigned-wordpress.zip"'
    assert answer.content == plugin()
    author.world.change(any_website=False)
    assert "The form shows only on the websites that are named" in author.open("publish?where=wordpress").words


def test_only_an_address_of_a_website_is_a_link_on_publish(unlisted: Author) -> None:
    stack = unlisted.world.stack
    sites = ["javascript://sites.trees.example/%0aalert(1)", "https://sites.trees.example"]
    drafting.write(stack, CAMPAIGN, unlisted.draft().revision, {}, ANN, {"frame_origins": sites})
    page = unlisted.open("publish?where=developer").body
    assert "javascript://sites.trees.example/%0aalert(1), <a href=" in page
    assert 'href="javascript:' not in page


def test_a_pasted_address_becomes_a_website_that_shows_the_form_and_nothing_else(unlisted: Author) -> None:
    world, site = unlisted.world, "https://sites.trees.example"
    added = add_website(unlisted, " sites.Trees.example/our-group/sign?utm_source=x#form ")

    assert (added.status, added.headers["location"]) == (
        303,
        f"{unlisted.base}/publish?where=developer&done=website-added#website",
    )
    page = unlisted.open("publish?where=developer")
    assert 'Not published yet: <a href="https://sites.trees.example">sites.trees.example</a>. Until you' in page.body
    assert "What publishing changes Websites that only show the form " in page.words
    assert snippets(page) == set()
    unlisted.open("publish")
    assert world.get(f"/campaigns/{CAMPAIGN}/embed").headers["content-security-policy"].endswith("'none'")

    assert unlisted.send("publish", {"why": "Our website"}).status == 303

    page = unlisted.open("publish?where=developer")
    assert snippets(page) == {"script", "frame"}
    assert 'The form shows on <a href="https://sites.trees.example">sites.trees.example</a>, and on no' in page.body
    world.clock.advance(minutes=1)
    form = world.get(f"/campaigns/{CAMPAIGN}/embed")
    assert form.headers["content-security-policy"].endswith(f"frame-ancestors {site}")
    assert f'data-hosts="{site}"' in form.body
    [entry] = [it for it in newest_activity(world.stack, CAMPAIGN, None, 10).items if it.action == "publish"]
    assert entry.why == "Our website"
    assert "changed" not in add_website(unlisted, site).headers["location"]
    assert unlisted.draft().is_published


def test_a_website_with_a_form_of_its_own_may_also_send_it(unlisted: Author) -> None:
    site = "https://www.trees.example"
    add_website(unlisted, site)

    assert add_website(unlisted, site, **{"own-form": "yes"}).status == 303

    unlisted.open("publish")
    unlisted.send("publish", {"why": ""})
    campaign = Campaigns(unlisted.world.stack.table).campaign(CAMPAIGN)
    assert (campaign.allowed_origins, campaign.frame_origins) == ((site,), ())
    assert snippets(unlisted.open("publish?where=developer")) == {"script", "frame", "own-form"}
    add_website(unlisted, site)
    assert unlisted.draft().is_published


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "“” is not the address of a website. Open your website and copy the address"),
        ("our website", "“our website” is not the address of a website."),
        ("ann@trees.example", "“ann@trees.example” is not the address of a website."),
        ("<script>", "“<script>” is not the address of a website."),
        ("http://www.trees.example/sign", "write https://www.trees.example"),
        ("https://ann.wixsite.com/trees", "Wix puts what you paste into a frame whose address changes"),
        ("https://sites.google.com/view/trees", "Google Sites puts what you paste into a frame"),
    ],
)
def test_a_website_that_cannot_be_added_is_refused_with_the_way_out(unlisted: Author, address: str, says: str) -> None:
    answer = add_website(unlisted, address)

    assert answer.status == 422
    assert says in answer.words
    assert f'value="{html.escape(address)}"' in answer.body
    assert unlisted.draft().revision == 0


def test_each_answer_to_where_people_sign_has_one_thing_to_copy(unlisted: Author) -> None:
    add_website(unlisted, "https://www.trees.example/sign")
    unlisted.open("publish")
    unlisted.send("publish", {"why": ""})
    assert re.findall(r'data-copy="([\w-]+)"', unlisted.open("publish").body) == ["form-address"]
    given = {}
    for where in ("wordpress", "builder", "developer"):
        page = unlisted.open(f"publish?where={where}").body.partition("<main")[2].partition("<details")[0]
        [given[where]] = re.findall(r'<textarea id="([\w-]+)" rows="\d" readonly', page)
    assert given == {
        "wordpress": "snippet-shortcode",
        "builder": "snippet-button",
        "developer": "snippet-script",
    }


# Earlier versions


def test_an_earlier_version_is_looked_at_and_taken_back(author: Author) -> None:
    author.open("letter")
    assert "Earlier versions" not in author.open("settings").words
    before = author.form("letter")["text"]
    for text in (before.replace("concerned citizen", "worried neighbor"), "Oh no, all of it is gone"):
        author.open("letter")
        author.send("letter", {"text": text, "do": "save"})
    page = author.open("versions")
    [of] = re.findall(r"versions\?of=(\d+)", page.body)
    assert ANN not in page.words
    page = author.open(f"versions?of={of}")
    author.pages["versions"] = shown = page.body
    assert "What differs from now Letter " in page.words
    assert "worried neighbor" in shown

    taken = author.send("versions", {})

    assert taken.headers["location"].endswith("publish?done=taken-back")
    assert "worried neighbor" in author.draft().files["letter.md"]
    assert author.send("versions", {}).headers["location"].endswith("versions?done=changed")
    assert author.open("versions?of=7").status == 404


def test_publishing_lists_by_name_what_changes(author: Author) -> None:
    author.open("letter")
    text = author.form("letter")["text"].replace("concerned citizen", "worried neighbor")
    author.send("letter", {"text": text, "do": "save"})
    author.open("settings")
    author.send("settings", {"goal": "800", "do": "save"})
    stack, draft = author.world.stack, author.draft()
    table = draft.files["targets.csv"].replace("chief@evanston-police.example", "new@evanston-police.example")
    [skokie] = [line for line in table.splitlines(keepends=True) if line.startswith("skokie,")]
    table = table.replace(skokie, skokie.replace("skokie,", "skokie-2,", 1).replace("Blake", "Robin"))
    drafting.write(stack, CAMPAIGN, draft.revision, {"targets.csv": table}, ANN)

    page = author.open("publish")

    assert [html.unescape(one) for one in re.findall("<li><bdi>(.*?)</bdi>", page.body)] == [
        "Letter",
        "Goal",
        "Recipient Avery Sample: Email",
        "Recipient Blake Placeholder: removed",
        "Recipient Robin Placeholder: added",
    ]
    assert "People who sign from now on sign the new letter. Letters that are signed stay as they are." in page.words
    assert "Letters that wait for a recipient who is removed are still sent." in page.words


@pytest.mark.parametrize("street", ["required", "optional", "no"])
def test_the_snippet_of_an_own_form_signs(author: Author, street: Asked) -> None:
    world = author.world
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    hostile = replace(campaign, street_address=street, region='"><script>')
    Campaigns(world.stack.table).put_campaign(replace(hostile, allowed_origins=("https://www.site.example",)))
    page = author.open("publish?where=developer").body
    snippet = html.unescape(page.partition('id="snippet-own-form"')[2].partition(">")[2].partition("</textarea>")[0])
    assert "<script" not in snippet
    assert f'href="https://letters.example/campaigns/{CAMPAIGN}/privacy?lang=en"' in snippet
    parser = Forms()
    parser.feed(snippet)
    [(action, values)] = parser.forms
    assert values["region"] == '"><script>'
    assert ("address_line" in values) == (street != "no")
    typed = {name: value or ADA[name] for name, value in values.items()} | {"region": "IL"}
    answer = world.post(
        action.removeprefix("https://letters.example"), typed, headers={"origin": "https://www.site.example"}
    )
    assert answer.status == 200, answer.body
    world.run_stream()
    assert world.sent[-1].to == ADA["email"]


def test_mistakes_are_in_the_language_of_the_page_and_in_english_for_programs(author: Author) -> None:
    files = {
        "letter.md": "Dear {{ target.nam }},\n\n{{ signature }} {{ date }} {{ signer.name }} {{ signer.address }}\n",
        "targets.csv": "id,title,name,department,locality,email,postal_codes\n"
        "a,Chief,Ann,Police,Aton,a@a.example,60201\na,Chief,Bo,Police,Beton,b@b,60202\n",
    }
    stack = author.world.stack
    draft = drafting.write(stack, CAMPAIGN, 0, files, "ann", {"goal": 0, "organizer.email": ""})

    author.jar[LANGUAGE_COOKIE] = "es"
    pages = {
        step: author.open(step).words.replace(" ;", ";").replace("` ", "")
        for step in ("letter", "recipients", "settings?refused=yes", "preview")
    }
    letter, recipients, settings, check = pages.values()
    assert (
        "Los signos { y } no significan nada aquí; quítelos, o escriba un dato entre corchetes, como [su nombre]."
        in letter
    )
    assert "este nombre en direcciones web también está en la fila 1; dé a cada destinatario uno distinto" in recipients
    assert "“b” en “b@b” no tiene punto; escriba el dominio completo, como example.org" in recipients
    assert "Escriba un número entero de 1 a 1,000,000,000." in settings
    assert "Escriba la dirección a la que van las respuestas." in settings
    for said in (
        "Los signos { y } no",
        "también está en la fila 1",
        "no tiene punto",
        "Escriba un número entero",
        "las respuestas.",
    ):
        assert said in check
    assert {mistake.message for mistake in drafting.check(draft).mistakes} >= {
        "unknown merge field {{ target.nam }}; did you mean {{ target.name }}?",
        "`id`: this name in web addresses is also on line 2; give each recipient a different one",
        "`email`: “b” in “b@b” has no dot; write the whole domain, such as example.org",
        "`goal`: Write a whole number from 1 to 1,000,000,000. (such as goal = 500)",
        '`organizer.email`: Write the address that replies go to. (such as email = "letters@walkers.example")',
    }
