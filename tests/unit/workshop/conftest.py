from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.workshop.trees import FILES, LETTER, SPANISH_TABLE, change

if TYPE_CHECKING:
    from tests.unit.workshop.trees import Files


@pytest.fixture
def files() -> Files:
    """Return the files of a campaign without mistakes."""
    return dict(FILES)


@pytest.fixture
def bilingual(files: Files) -> Files:
    """Return the files of a campaign without mistakes, in English and Spanish."""
    change(files, "campaign.toml", 'language = "en"', 'language = "en"\nlanguages = ["en", "es"]')
    files["campaign.toml"] += SPANISH_TABLE
    change(files, "targets.csv", "id,title,", "id,title,title_es,")
    change(files, "targets.csv", "oakton,Mayor,", "oakton,Mayor,Alcaldesa,")
    change(files, "targets.csv", "elmton,Mayor,", "elmton,Mayor,,")
    files["letter.es.md"] = LETTER.replace("Plant trees.", "Plante árboles.")
    return files
