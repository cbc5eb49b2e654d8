"""A page: its HTML, made from a template, and the style sheet in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from undersigned.domain.colors import accents
from undersigned.web.assets import asset_path

_SHEETS = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and the style sheet in it, whose hash a Content-Security-Policy names."""

    html: str
    style: str


def render_page(template: str, language: str, sheets: tuple[str, ...], accent: str | None, **values: object) -> Page:
    """Render a template with style sheets, in a campaign's accent if there is one."""
    from undersigned.web.environment import environment

    style = _style(sheets, accent)
    html = (
        environment(language)
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704  (our own files, and colours made of digits)
            language=language,
            **values,
        )
    )
    return Page(html, style)


@cache
def _style(sheets: tuple[str, ...], accent: str | None) -> str:
    """Return a page's style sheet, with an accent as its contrast allows in light and in dark."""
    style = "".join((_SHEETS / name).read_text(encoding="utf-8") for name in sheets).strip()
    style = style.replace("caveat.woff2", asset_path("caveat.woff2"))
    if accent is None:
        return style
    light, dark = accents(accent)
    colors = [f"--accent:{shade.color};--on-accent:{shade.on}" for shade in (light, dark)]
    return f"{style}\n:root{{{colors[0]}}}@media(prefers-color-scheme:dark){{:root{{{colors[1]}}}}}"
