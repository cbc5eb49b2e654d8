"""Run a real Chromium in tests, and fail a test for anything that goes wrong in its pages.

As a program, it fails if there is no Chromium that starts.
"""

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
"""Programs to look for, in this order. The last one may be Ubuntu's wrapper for a snap."""

REBOUND = "rebound.example"
"""A host name that resolves to this machine, as an attacker's name does after DNS rebinding."""

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    # With a process for each site, a page without scripts would run those of the frames in it.
    "--disable-site-isolation-trials",
    # No other host name resolves, so a page's forbidden request to another host never leaves this machine.
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""Tags of axe-core's rules: WCAG 2.2 at level AA, and the best practices of its authors."""

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost"})
_TIMEOUT = 30_000.0
"""How long a test waits for a page or something on it, in milliseconds.

The first page, and the first form that a script sends, wait for functions to start: on a busy machine for ten seconds.
"""

_FAILED_LOAD = "Failed to load resource"
"""The beginning of Chromium's message on a failed load, or a status of 400 or more. We check those ourselves."""

_MAY_BE_REFUSED = frozenset({"document", "fetch", "xhr"})
"""Types of requests to which a status from 400 to 499 can be correct: a form with mistakes is answered with 422."""


class BrowserMissingError(Exception):
    """This machine has no Chromium. The message says how to get one."""


def find_chromium(environment: Mapping[str, str], playwright_program: str) -> str:
    """Return the Chromium that UNDERSIGNED_CHROMIUM names, else Playwright's, else the system's.

    Raises BrowserMissingError.
    """
    path = environment.get("PATH", "")
    if named := environment.get("UNDERSIGNED_CHROMIUM"):
        if found := shutil.which(named, path=path):
            return found
        message = f"UNDERSIGNED_CHROMIUM is {named}, which is not a program; name a Chromium, or unset it"
        raise BrowserMissingError(message)
    for name in (playwright_program, *NAMES):
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
        expect.set_options(timeout=_TIMEOUT)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A person with a browser. Problems in their pages are collected, and fail the test when they leave.

    Problems are errors in scripts and on the console, violations of a Content-Security-Policy, failed loads, statuses
    of 500 or more, and any request to another machine. A test can `expect` a problem.
    """

    browser: Browser
    problems: list[str] = field(default_factory=list)
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
        """Open an address in a fresh context, without cookies or a cache. `still` asks pages for reduced motion."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
            locale=locale,
        )
        self._contexts.append(context)
        context.set_default_timeout(_TIMEOUT)
        context.on("console", self._on_console)
        context.on("weberror", lambda failed: self.problems.append(f"error in a script: {failed.error}"))
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)
        page = context.new_page()
        if not scripts:
            # The context's own setting won't do, because assert_accessible couldn't undo it.
            self._switches[page] = context.new_cdp_session(page)
            self._allow_scripts(page, allowed=False)
        page.goto(address)
        return page

    def expect(self, *patterns: str) -> None:
        """Expect problems that match these regular expressions. Each expression must match at least one."""
        self._expected.extend(patterns)

    def leave(self) -> None:
        """Close all pages. Raises AssertionError for unexpected problems, and for expected ones that did not occur."""
        for context in self._contexts:
            context.close()
        missing = [pattern for pattern in self._expected if not any(re.search(pattern, text) for text in self.problems)]
        unexpected = [text for text in self.problems if not any(re.search(pattern, text) for pattern in self._expected)]
        lines = [*unexpected, *(f"expected, but it did not occur: {pattern}" for pattern in missing)]
        if lines:
            raise AssertionError("\n".join(["The pages had problems:", *lines]))

    def assert_accessible(self, page: Page) -> None:
        """Check a page and each document that it frames with axe-core. Raises AssertionError with the violations.

        Each document is checked separately, because a page need not pass on axe-core's messages between frames. The
        browser's own page in place of a frame that it refused is not ours, and frames without scripts can't be checked.
        """
        self._allow_scripts(page, allowed=True)
        if page in self._switches:
            # Once scripts may run, Chromium hides the content of <noscript>, so this moves it outside.
            page.evaluate("document.querySelectorAll('noscript').forEach(it => it.replaceWith(...it.childNodes))")
        found = [line for frame in page.frames if _is_checked(frame) for line in _violations(frame)]
        self._allow_scripts(page, allowed=False)
        if found:
            raise AssertionError("\n".join([f"{page.url} is not accessible:", *found]))

    def _allow_scripts(self, page: Page, *, allowed: bool) -> None:
        if switch := self._switches.get(page):
            switch.send("Emulation.setScriptExecutionDisabled", {"value": not allowed})

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_FAILED_LOAD):
            self.problems.append(f"on the console: {message.text} ({message.location['url']})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in _THIS_MACHINE:
            self.problems.append(f"a request to another machine: {request.url}")

    def _on_failure(self, request: Request) -> None:
        # Leaving a page aborts what it still loads.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"not loaded, {request.failure}: {request.url}")

    def _on_response(self, response: Response) -> None:
        limit = 500 if response.request.resource_type in _MAY_BE_REFUSED else 400
        if response.status >= limit:
            self.problems.append(f"status {response.status}: {response.url}")


def _is_checked(frame: Frame) -> bool:
    """Say whether axe-core can check a frame: the browser shows it, and scripts run in it."""
    if frame.url.startswith("chrome-error:"):
        return False
    sandbox = frame.frame_element().get_attribute("sandbox") if frame.parent_frame else None
    return sandbox is None or "allow-scripts" in sandbox


def _violations(frame: Frame) -> Iterator[str]:
    # This import reads 600 kB of JavaScript, which only the tests of accessibility need.
    from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # noqa: PLC0415

    options = {
        "runOnly": {"type": "tag", "values": RULES},
        "resultTypes": ["violations"],
        "iframes": False,
    }
    # The debugger evaluates this, so the page's Content-Security-Policy doesn't block it.
    frame.evaluate(f"{AXE_SCRIPT}; undefined")
    for violation in frame.evaluate("options => axe.run(options)", options)["violations"]:
        yield f"\n{violation['id']} ({violation['impact']}): {violation['help']}, {violation['helpUrl']}"
        for node in violation["nodes"]:
            yield f"  {' '.join(map(str, node['target']))}: {node['html']}"
            yield from (f"    {line}" for line in node["failureSummary"].splitlines())


if __name__ == "__main__":
    with running_browser():
        pass
