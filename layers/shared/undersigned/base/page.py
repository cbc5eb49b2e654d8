"""A page: its HTML, rendered from a template, its style sheet, and its script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from markupsafe import Markup

from undersigned.base.assets import asset, asset_path
from undersigned.base.colors import accents

_SHEETS = Path(__file__).with_name("sheets")

type Theme = Literal["light", "dark", "auto"]
"""A page's color scheme; with `auto`, the reader's device chooses it."""

_DARK_RULES = re.compile(r"@media\(prefers-color-scheme:dark\)\{[^{}]*\{[^{}]*\}\}")


def usual_theme(*, embedded: bool) -> Theme:
    """Return the theme of a page whose address asks for none.

    In a frame on a website, the form is light, because most websites are, on dark devices too.
    """
    return "light" if embedded else "auto"


@dataclass(frozen=True, slots=True)
class Page:
    """A page's HTML, and the style sheet and the script in it, whose hashes the Content-Security-Policy names."""

    html: str
    style: str
    script: str = ""


def render_page(  # noqa: PLR0913  (what the page has)
    template: str,
    language: str,
    sheets: tuple[str, ...],
    accent: str | None,
    theme: Theme = "auto",
    *,
    script: str = "",
    **values: object,
) -> Page:
    """Render a template with style sheets, the asset `script`, and a campaign's accent color, if it has one."""
    from undersigned.base.environment import page_environment

    style = _style(sheets, accent, theme)
    module = _module(script) if script else ""
    html = (
        page_environment(language)
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704  (our own files, and colors made of digits)
            script=Markup(module),  # noqa: S704  (our own file)
            language=language,
            **values,
        )
    )
    return Page(html, style, module)


@cache
def _module(name: str) -> str:
    """Return a script of ours as a page includes it: without comments and indentation, so that it is one request."""
    lines = (line.strip() for line in asset(name).content.decode().splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def _style(sheets: tuple[str, ...], accent: str | None, theme: Theme) -> str:
    """Return a page's style sheet; it adjusts the accent color to have enough contrast in light and in dark mode."""
    style = _in_both_schemes(sheets, accent)
    if theme == "auto":
        return style
    style = style.replace("color-scheme:light dark", f"color-scheme:{theme}")
    if theme == "light":
        return _DARK_RULES.sub("", style)
    return style.replace("@media(prefers-color-scheme:dark)", "@media all")


def _in_both_schemes(sheets: tuple[str, ...], accent: str | None) -> str:
    style = "".join((_SHEETS / name).read_text(encoding="utf-8") for name in sheets).replace("\n", "")
    style = re.sub(r"(?<=url\()[\w.-]+", lambda name: asset_path(name[0]), style)
    if accent is None:
        return style
    light, dark = accents(accent)
    colors = [f"--accent:{shade.color};--on-accent:{shade.on}" for shade in (light, dark)]
    return f"{style}:root{{{colors[0]}}}@media(prefers-color-scheme:dark){{:root{{{colors[1]}}}}}"
