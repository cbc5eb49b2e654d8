"""Draw each `.dot` file in docs/pictures as an `.svg` file with the same name, with Graphviz.

Adds what Graphviz can't write: a title and a description for screen readers, a style that emphasizes a box's first
line, and the digest of the source. So a test finds a picture that is out of date without Graphviz.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"

STYLE = """
.node text { font-size: 11.5px; fill: #4a5563 }
.node text:first-of-type { font-size: 13px; font-weight: 600; fill: #1b2430 }
.code text:first-of-type { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 12px }
.word text:first-of-type { font-size: 11px; font-weight: 400; fill: #4a5563 }
"""


def sources() -> list[Path]:
    """Return the Graphviz source of each picture."""
    return sorted(PICTURES.glob("*.dot"))


def digest_of(source: Path) -> str:
    """Return a source's digest, which its picture repeats."""
    return hashlib.sha256(source.read_bytes()).hexdigest()


def finished(drawn: str, digest: str) -> str:
    """Return Graphviz's SVG with a title, a description, a style and the digest, and without Graphviz's version.

    The title is the graph's name. The description is the graph's `comment`, which Graphviz writes as an XML comment.
    """
    [description] = re.findall(r"<!-- (.+) -->\n<!-- Title", drawn)
    title, *_ = re.findall(r"<title>(.+?)</title>", drawn)
    picture = re.sub(r"<!--.*?-->\n|<title>.*?</title>\n?", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    tag, rest = picture.removeprefix("<svg").split(">\n", 1)
    return f"""\
<svg role="img" aria-labelledby="title desc" data-source-sha256="{digest}"{tag}>
<title id="title">{title}</title>
<desc id="desc">{description}</desc>
<style>{STYLE}</style>
{rest}"""


def main() -> int:
    """Draw every picture."""
    program = shutil.which("neato")
    if program is None:
        print("make: no Graphviz; install it (Debian: apt install graphviz)", file=sys.stderr)
        return 1
    for source in sources():
        drawing = subprocess.run(  # noqa: S603  (its options and our files)
            [program, "-n", "-Tsvg", source], capture_output=True, check=True, encoding="utf-8"
        )
        source.with_suffix(".svg").write_text(finished(drawing.stdout, digest_of(source)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
