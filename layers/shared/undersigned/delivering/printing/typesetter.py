"""The typesetter: runs Typst on packet.typ with the fonts of a FontBook."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

from undersigned.base.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.base.fonts import FontBook

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
        pdf = self._made(_TEMPLATE, document, pdf_standards=["ua-1"] if accessible else [])
        assert isinstance(pdf, bytes)  # noqa: S101  (Typst's answer when it has no file to write)
        return pdf

    def pictures(self, document: str, ppi: float, template: bytes = _TEMPLATE) -> list[bytes]:
        """Make a PNG of each page; raises TypesettingError."""
        made = self._made(template, document, format="png", ppi=ppi)
        return made if isinstance(made, list) else [bytes(made or b"")]

    def _made(self, template: bytes, document: str, **options: Any) -> bytes | list[bytes] | None:  # noqa: ANN401
        try:
            with _silenced():
                return self._compiler.compile(input=template, sys_inputs={"packet": document}, **options)
        except typst.TypstError as error:
            raise TypesettingError(str(error)) from error
        except BaseException as error:
            # A panic in Rust is not an Exception, and pyo3 exports no class for it.
            if type(error).__name__ != "PanicException":
                raise
            raise TypesettingError(str(error)) from error

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
