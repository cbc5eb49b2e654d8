"""A page: its HTML, rendered from a template, and its style sheet."""

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
    """A page's HTML, and its style sheet, whose hash the Content-Security-Policy names."""

    html: str
    style: str


def render_page(template: str, language: str, sheets: tuple[str, ...], accent: str | None, **values: object) -> Page:
    """Render a template with style sheets and a campaign's accent color, if it has one."""
    from undersigned.web.environment import environment

    style = _style(sheets, accent)
    html = (
        environment(language)
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704  (our own files, and colors made of digits)
            language=language,
            **values,
        )
    )
    return Page(html, style)


@cache
def _style(sheets: tuple[str, ...], accent: str | None) -> str:
    """Return a page's style sheet; it adjusts the accent color to have enough contrast in light and in dark mode."""
    style = "".join((_SHEETS / name).read_text(encoding="utf-8") for name in sheets).strip()
    style = style.replace("caveat.woff2", asset_path("caveat.woff2"))
    if accent is None:
        return style
    light, dark = accents(accent)
    colors = [f"--accent:{shade.color};--on-accent:{shade.on}" for shade in (light, dark)]
    return f"{style}\n:root{{{colors[0]}}}@media(prefers-color-scheme:dark){{:root{{{colors[1]}}}}}"
