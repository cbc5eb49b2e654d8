"""A real Chromium for tests, and visitors whose pages tell of whatever goes wrong in them."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Frame, Page, Request, Response

NAMES = (
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "chromium-browser",
)
"""Programs that are looked for; the last one may be Ubuntu's stand-in for a snap."""

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    # No name resolves, so what a page must not ask for from elsewhere doesn't leave this machine either.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""axe-core's tags: WCAG 2.2 at level AA, and what its authors advise beyond it."""

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost"})
_PATIENCE = 10_000.0
"""Milliseconds until what a test waits for counts as missing."""

_PATIENCE_WITH_A_PAGE = 30_000.0
"""The same for a whole page: the first one waits for functions that start, on a machine that may be busy."""

_LOADING = "Failed to load resource"
"""Chromium says so of each status from 400 on and of failed loads but a frame's: both are looked at themselves."""

_ANSWERS = frozenset({"document", "fetch", "xhr"})
"""Kinds of requests that a status from 400 on can answer rightly: a form with mistakes has 422."""


class BrowserMissingError(Exception):
    """There is no Chromium on this machine; the message says how to get one."""


def find_chromium(environment: Mapping[str, str], playwrights_own: str) -> str:
    """Return the program: the one that UNDERSIGNED_CHROMIUM names, Playwright's own, or the system's.

    Raises BrowserMissingError.
    """
    path = environment.get("PATH", "")
    if named := environment.get("UNDERSIGNED_CHROMIUM"):
        if found := shutil.which(named, path=path):
            return found
        message = f"UNDERSIGNED_CHROMIUM is {named}, which is no program; name a Chromium, or unset it"
        raise BrowserMissingError(message)
    for name in (playwrights_own, *NAMES):
        if found := shutil.which(name, path=path):
            return found
    message = "there is no Chromium for the tests of the pages; run `make browser`, or name one in UNDERSIGNED_CHROMIUM"
    raise BrowserMissingError(message)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run a browser with an empty profile. Raises BrowserMissingError."""
    with sync_playwright() as playwright:
        program = find_chromium(os.environ, playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        expect.set_options(timeout=_PATIENCE)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser. What goes wrong in the pages is kept, and told when the visitor leaves.

    Errors of scripts and on the console, refusals by a Content-Security-Policy, failed loads, answers from 500 on, and
    every request to another machine: all that no test `expect`s.
    """

    browser: Browser
    troubles: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)
    _switches: dict[Page, CDPSession] = field(default_factory=dict)

    def open(
        self,
        address: str = "about:blank",
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        scripts: bool = True,
        still: bool = False,
        locale: str = "en-US",
    ) -> Page:
        """Open an address as a browser of its own would: with no cookies, nothing cached, `still` with less motion."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
            locale=locale,
        )
        self._contexts.append(context)
        context.set_default_timeout(_PATIENCE)
        context.set_default_navigation_timeout(_PATIENCE_WITH_A_PAGE)
        context.on("console", self._on_console)
        context.on("weberror", lambda failed: self.troubles.append(f"error in a script: {failed.error}"))
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)
        page = context.new_page()
        if not scripts:
            # Not by the context's own setting: assert_accessible couldn't switch that one off.
            self._switches[page] = context.new_cdp_session(page)
            self._let_scripts_run(page, run=False)
        page.goto(address)
        return page

    def expect(self, *patterns: str) -> None:
        """Take troubles for right that match these regular expressions, each of which must come."""
        self._expected.extend(patterns)

    def leave(self) -> None:
        """Close all pages. Raises AssertionError for each trouble that came unexpected or was expected and didn't."""
        for context in self._contexts:
            context.close()
        missing = [pattern for pattern in self._expected if not any(re.search(pattern, said) for said in self.troubles)]
        surprises = [said for said in self.troubles if not any(re.search(pattern, said) for pattern in self._expected)]
        lines = [*surprises, *(f"expected, but it did not come: {pattern}" for pattern in missing)]
        if lines:
            raise AssertionError("\n".join(["The pages had troubles:", *lines]))

    def assert_accessible(self, page: Page) -> None:
        """Look at a page with axe-core, and at each document that it frames. Raises AssertionError with what it finds.

        Each document by itself: so no page has to let axe-core's messages through.
        """
        self._let_scripts_run(page, run=True)
        if page in self._switches:
            # Chromium shows nothing that stands in <noscript> once scripts may run; so it has to stand outside.
            page.evaluate("document.querySelectorAll('noscript').forEach(it => it.replaceWith(...it.childNodes))")
        found = [line for frame in page.frames for line in _violations(frame)]
        self._let_scripts_run(page, run=False)
        if found:
            raise AssertionError("\n".join([f"{page.url} is not accessible:", *found]))

    def _let_scripts_run(self, page: Page, *, run: bool) -> None:
        if switch := self._switches.get(page):
            switch.send("Emulation.setScriptExecutionDisabled", {"value": not run})

    def _on_console(self, said: ConsoleMessage) -> None:
        if said.type == "error" and not said.text.startswith(_LOADING):
            self.troubles.append(f"on the console: {said.text} ({said.location['url']})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in _THIS_MACHINE:
            self.troubles.append(f"a request to another machine: {request.url}")

    def _on_failure(self, request: Request) -> None:
        # Whoever leaves a page breaks off what it still loads.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"not loaded, {request.failure}: {request.url}")

    def _on_response(self, response: Response) -> None:
        right = 500 if response.request.resource_type in _ANSWERS else 400
        if response.status >= right:
            self.troubles.append(f"status {response.status}: {response.url}")


def _violations(frame: Frame) -> Iterator[str]:
    # Reads 600 kB of JavaScript, for the tests that look at accessibility only.
    from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # noqa: PLC0415

    options = {
        "runOnly": {"type": "tag", "values": RULES},
        "resultTypes": ["violations"],
        "iframes": False,
    }
    # By the browser's debugger, so that no Content-Security-Policy of the page keeps it out.
    frame.evaluate(f"{AXE_SCRIPT}; undefined")
    for violation in frame.evaluate("options => axe.run(options)", options)["violations"]:
        yield f"\n{violation['id']} ({violation['impact']}): {violation['help']}, {violation['helpUrl']}"
        for node in violation["nodes"]:
            yield f"  {' '.join(map(str, node['target']))}: {node['html']}"
            yield from (f"    {line}" for line in node["failureSummary"].splitlines())
