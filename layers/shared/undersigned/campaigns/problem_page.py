"""The answer to a request with a problem: a page in the style of its campaign, or problem details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import page, problem_details
from undersigned.campaigns.public_frame import problem_page

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.errors import Problem
    from undersigned.base.page import Theme
    from undersigned.campaigns.rules.campaigns import Campaign


def problem(  # noqa: PLR0913  (an answer's parts)
    found: Problem,
    language: str,
    *,
    as_json: bool,
    framed: Campaign | None = None,
    theme: Theme | None = None,
    about: Campaign | None = None,
    can_sign: bool = False,
) -> Response[str]:
    """Answer with a problem and its way out: a page, or problem details.

    `framed` is the campaign whose form is in a frame: its sites may frame the page, too. `theme` is the frame's.
    `about` is the campaign that a page names beside the problem, with a link to its form if people `can_sign`.
    """
    if as_json:
        return problem_details(found, language)
    title, detail = found.title.in_language(language), found.detail.in_language(language)
    return page(
        problem_page(title, detail, language, framed, theme, about=about, can_sign=can_sign),
        status=found.status,
        hosts=framed.framed_by if framed else (),
        runs_scripts=framed is not None,
        retry_after=found.retry_after,
    )
