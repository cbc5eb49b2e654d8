"""Check that links between the README, the docs and the rest of the repository work."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.product_files import PRODUCT

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def links_of(text: str) -> list[str]:
    return re.findall(r"\]\((?!https?:)([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def anchors_of(text: str) -> set[str]:
    """Return the anchor that GitHub gives each heading."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path, text: str) -> list[str]:
    dead = []
    for link in links_of(text):
        path, _, anchor = link.partition("#")
        linked = page.parent / path if path else page
        if not linked.exists() or (anchor and anchor not in anchors_of(linked.read_text(encoding="utf-8"))):
            dead.append(link)
    return dead


def test_every_link_has_a_target() -> None:
    dead = {str(page.relative_to(ROOT)): dead_links(page, page.read_text(encoding="utf-8")) for page in PAGES}

    assert {name: links for name, links in dead.items() if links} == {}


def test_every_file_of_tests_that_a_page_names_exists() -> None:
    named = {
        name for page in PAGES for name in re.findall(r"`(?:tests/)?((?:\w+/)+test_\w+\.py)`", page.read_text("utf-8"))
    }

    assert "search/test_memory.py" in named
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).exists()] == []


def test_every_path_that_a_page_names_exists() -> None:
    """It begins at the root or in the product. An entry of the changelog may name what is gone."""
    roots = (ROOT, ROOT / "layers" / "shared" / "undersigned")
    text = " ".join(page.read_text("utf-8") for page in PAGES if page.name != "CHANGELOG.md")
    folders = "|".join(folder.name for root in roots for folder in root.glob("[a-z]*/"))
    named = set(re.findall(rf"`((?:{folders})/[\w./-]*)`", text))

    assert "layers/layer.mk" in named
    assert [name for name in sorted(named) if not any((root / name).exists() for root in roots)] == []


def test_the_readme_has_each_folder_of_the_product_and_of_the_tests() -> None:
    cells = re.findall(r"^\| (`\w.*?) \|", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    folders = {file.parts[len(parent.parts)] for parent in (PRODUCT, ROOT / "tests") for file in parent.glob("*/*.*")}

    assert {"base", "smoke"} <= folders
    assert folders - {"__pycache__"} <= named


def test_each_file_of_tests_says_in_its_first_line_what_it_shows() -> None:
    folders = ("doors", "e2e", "faults", "integration", "pages", "security", "smoke", "template")
    files = [file for folder in folders for file in (ROOT / "tests" / folder).rglob("test_*.py")]

    assert len(files) > 100
    assert [file.name for file in files if not file.read_text("utf-8").startswith('"""')] == []


def test_the_code_names_only_pages_and_headings_that_exist() -> None:
    folders = ("checks", "cli", "functions", "layers", "tests")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in {".py", ".mk"}]
    texts = [file.read_text("utf-8") for file in [*files, ROOT / "pyproject.toml", ROOT / "template.yaml"]]
    named = {name for text in texts for name in re.findall(r"docs/[\w/-]+(?:\.md)?(?:#[\w-]+)?", text)}

    assert {"docs/embedding", "docs/runbook.md#workfailsalarm"} <= named
    assert dead_links(ROOT / "code", " ".join(f"]({name})" for name in named)) == []


def test_the_index_of_decisions_has_each_by_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    titles = [(file.read_text("utf-8").partition("\n")[0][2:], file.name) for file in folder.glob("0*.md")]
    index = re.findall(r"^- \[(.+)\]\((.+)\)$", (folder / "README.md").read_text("utf-8"), flags=re.MULTILINE)

    assert sorted(index) == sorted(titles)
