"""Reading text from files and cells that people write."""

from __future__ import annotations

from undersigned.authoring.mistakes import Mistake, MistakesError, too_many

_LONGEST_FILE = 1_000_000  # bytes


def text_of(file: str, content: bytes) -> str:
    """Return a file's text. Raises MistakesError if it is too long, empty or not in UTF-8.

    Removes a byte order mark and converts the line ends of other systems, so that a letter's version is the same on all
    systems.
    """
    if len(content) > _LONGEST_FILE:
        raise MistakesError([Mistake(file, None, f"the file has {too_many('bytes', len(content), _LONGEST_FILE)}")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        mistake = Mistake(file, line, "the file is not in UTF-8; save it with UTF-8 encoding")
        raise MistakesError([mistake]) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        message = "the file is empty; see campaigns/end-demand-illinois for a complete example"
        raise MistakesError([Mistake(file, None, message)])
    return text


def on_one_line(text: str) -> str:
    """Return a text on one line, without repeated spaces, because email headers contain titles and names."""
    return " ".join(text.split())
