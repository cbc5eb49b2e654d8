from __future__ import annotations

from gettext import GNUTranslations
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import PoFileError

from undersigned.base import languages as known
from undersigned.base.catalogs import build, compiled
from undersigned.base.languages import catalog, languages, organizers_languages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
NAME = 'msgid "Full name"\nmsgstr "Nome completo"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of the catalogs, with one for the language of one country."""
    (tmp_path / "signers").mkdir()
    (tmp_path / "signers" / "pt-BR.po").write_text(HEAD + NAME, encoding="utf-8")
    monkeypatch.setattr(known, "CATALOGS", tmp_path)
    forget()
    yield tmp_path / "signers"
    monkeypatch.undo()
    forget()


def forget() -> None:
    for kept in (languages, organizers_languages, catalog):
        kept.cache_clear()


def test_a_built_catalog_says_what_its_source_says(folder: Path) -> None:
    source = catalog("pt-BR")
    forget()
    assert build(folder) == []
    assert [file.name for file in folder.iterdir()] == ["pt-BR.mo"]
    assert languages() == ("en", "pt-BR")
    assert catalog("pt-BR").gettext("Full name") == source.gettext("Full name") == "Nome completo"


def test_spanish_has_its_plurals_when_built(tmp_path: Path) -> None:
    source = known.CATALOGS / "signers" / "es.po"
    (tmp_path / "es.po").write_bytes(source.read_bytes())
    assert build(tmp_path) == []
    with (tmp_path / "es.mo").open("rb") as file:
        built = GNUTranslations(file)
    one, many = "%(letters)s signed letter", "%(letters)s signed letters"
    assert [built.ngettext(one, many, letters).split()[1] for letters in (0, 1, 2)] == ["cartas", "carta", "cartas"]
    assert built.info() == GNUTranslations(compiled(source)).info()


def test_a_source_wins_over_a_compiled_file_beside_it(folder: Path) -> None:
    source = folder / "pt-BR.po"
    build(folder)
    source.write_text(HEAD + NAME.replace("Nome completo", "Seu nome"), encoding="utf-8")
    assert languages() == ("en", "pt-BR")
    assert catalog("pt-BR").gettext("Full name") == "Seu nome"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (HEAD + "#, fuzzy\n" + NAME, "pt-BR.po: it is marked as fuzzy: Full name"),
        ("#, fuzzy\n" + HEAD + NAME, "pt-BR.po: it is marked as fuzzy: the file"),
        (HEAD + NAME + "mgsstr\n", "pt-BR.po:6: it can't be read: mgsstr"),
        (
            HEAD + '#, python-format\nmsgid "by %(name)s"\nmsgstr "por %(nome)s"\n',
            "pt-BR.po: unknown named placeholder 'nome': by %(name)s",
        ),
    ],
)
def test_a_catalog_with_a_mistake_is_not_built(folder: Path, text: str, mistake: str) -> None:
    (folder / "pt-BR.po").write_text(text, encoding="utf-8")
    assert build(folder) == [mistake]
    assert [file.name for file in folder.iterdir()] == ["pt-BR.po"]


def test_a_broken_catalog_is_an_error_on_a_checkout_too(folder: Path) -> None:
    (folder / "pt-BR.po").write_text(HEAD + NAME + "mgsstr\n", encoding="utf-8")
    with pytest.raises(PoFileError):
        catalog("pt-BR")
