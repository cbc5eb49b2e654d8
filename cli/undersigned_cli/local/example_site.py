"""The website of an organization that does not exist: it links to a campaign and embeds its form, as real ones do."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from undersigned_cli.local.serving import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

CAMPAIGN = "end-demand-illinois"

_ID = re.compile(r"[a-z0-9-]+")


def example_site(public_url: str) -> Callable[[Request], Response]:
    """Return what answers at `/`; `/?campaign=ID` shows another campaign's form."""

    def answer(request: Request) -> Response:
        wanted = parse_qs(urlsplit(request.target).query).get("campaign", [CAMPAIGN])[0]
        campaign = wanted if _ID.fullmatch(wanted) else CAMPAIGN
        if request.path != "/":
            return Response(404, body=b"The example organization has one page: /\n")
        return Response(200, (("Content-Type", "text/html; charset=utf-8"),), _page(public_url, campaign).encode())

    return answer


def _page(public_url: str, campaign: str) -> str:
    form = escape(f"{public_url}/campaigns/{campaign}")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Neighbors for Justice</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 1.1rem/1.6 Georgia, serif; margin: 0 auto; max-width: 44rem; padding: 1.5rem; color: #222 }}
header {{ border-bottom: 3px solid #7a2048; margin-bottom: 1.5rem }} iframe {{ border: 0; width: 100%; height: 60rem }}
</style>
</head>
<body>
<header><h1>Neighbors for Justice</h1><p>An organization made up for this example, on an origin of its own.</p></header>
<main>
<h2>Write to your chief of police</h2>
<p>The letter below comes from the local stack. <a href="{form}">It has a page of its own, too.</a></p>
<iframe src="{form}/embed" title="Sign the letter"></iframe>
</main>
<footer><p><a href="/inbox">What the local stack mailed</a></p></footer>
</body>
</html>
"""
