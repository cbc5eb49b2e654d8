"""The typesetter: runs Typst on packet.typ with the fonts of a FontBook."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typst

from undersigned.domain.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.rendering.fonts import FontBook

_TEMPLATE = Path(__file__).with_name("packet.typ").read_bytes()

# comemo, the cache inside Typst, drops an entry that ten compilations in a row did not use.
_COMPILATIONS_UNTIL_FORGOTTEN = 11

_STANDARD_ERROR = 2


class TypesettingError(UndersignedError):
    """Typst refused a document, or panicked on it."""


class Typesetter:
    """Makes PDFs with Typst."""

    def __init__(self, fonts: FontBook) -> None:
        """Use fonts that are already open, which is cheap."""
        self._compiler = typst.Compiler(font_paths=fonts.opened, root=Path(__file__).parent)

    def compile(self, document: str, *, accessible: bool = True) -> bytes:
        """Make the PDF of a document given as JSON; raises TypesettingError."""
        try:
            with _silenced():
                pdf = self._compiler.compile(
                    input=_TEMPLATE, sys_inputs={"packet": document}, pdf_standards=["ua-1"] if accessible else []
                )
        except typst.TypstError as error:
            raise TypesettingError(str(error)) from error
        except BaseException as error:
            # A panic in Rust is not an Exception, and pyo3 exports no class for it.
            if type(error).__name__ != "PanicException":
                raise
            raise TypesettingError(str(error)) from error
        assert isinstance(pdf, bytes)  # noqa: S101  (Typst's answer when it has no file to write)
        return pdf

    def pictures(self, document: str, ppi: float) -> list[bytes]:
        """Make a PNG of each page; raises TypesettingError."""
        try:
            with _silenced():
                made = self._compiler.compile(input=_TEMPLATE, format="png", ppi=ppi, sys_inputs={"packet": document})
        except typst.TypstError as error:
            raise TypesettingError(str(error)) from error
        return made if isinstance(made, list) else [bytes(made or b"")]

    def forget(self) -> None:
        """Empty Typst's cache, which otherwise holds the last ten packets (150 MB each)."""
        for _ in range(_COMPILATIONS_UNTIL_FORGOTTEN):
            self._compiler.compile(input=b"", format="svg", sys_inputs=None)


@contextmanager
def _silenced() -> Iterator[None]:
    """Discard Typst's output to standard error: a panic can quote a signer's words, and Lambda would log them."""
    kept = os.dup(_STANDARD_ERROR)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), _STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
