"""Sessions: an organizer signs in with a key, and the browser keeps a signed cookie that stands for it.

The cookie is no key: each request looks the key up again, so a revoked one opens nothing from then on.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from functions.organizer_api import wired
from functions.organizer_api.problems import problem_of
from functions.organizer_api.routes import LONGEST_REASON, ApiRequest, can_name, printable
from undersigned.domain.campaigns import origin_of
from undersigned.domain.errors import NotFoundError, TokenError, UndersignedError
from undersigned.domain.languages import Message, chosen_language, languages
from undersigned.domain.tokens import VALID_FOR
from undersigned.services.access import KeyRefusedError, ScopeError, TooManyRefusalsError
from undersigned.web import dashboard
from undersigned.web.answers import Problem, moved, page
from undersigned.web.posted import RequestError, asked_for, posted_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.domain.api_keys import Scope
    from undersigned.web.pages import Page

COOKIE = "__Host-session"
"""By this prefix browsers keep it for this host alone, and send it over safe connections alone (RFC 6265bis, 4.1.3)."""

HOME = "/organizer"

_READ_ONLY = Problem(
    403,
    Message("This key can only read"),
    Message(
        "To see letters or change anything, you need a key that can manage the campaign. "
        "Sign out, then sign in with that key."
    ),
)
_NOT_FOUND = Problem(404, Message("Page not found"), Message("Check the web address."))
_FOREIGN = RequestError(
    403,
    Message("This didn’t come from the dashboard"),
    Message("Go back to the dashboard, reload the page and press the button there."),
)
_REFUSED = Message("This key doesn’t open this campaign. Check both. The key may also have expired, or been revoked.")

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class DashboardRequest(ApiRequest):
    """A request of somebody who has signed in, about her campaign."""

    session: str

    def viewer(self) -> dashboard.Viewer:
        """Say for whom a page is made."""
        return dashboard.Viewer(
            wired.stack.catalog.entry(self.campaign).campaign,
            self.key.allows("manage"),
            wired.stack.tokens.for_posts(self.session),
            self.query("done"),
        )

    def posted(self, name: str) -> str:
        """Return a field of a form, without blanks around it; a missing one is empty."""
        value = posted_values(self.event).get(name, "")
        # JSON may bring lone surrogates, for which UTF-8 has no bytes.
        return value.encode(errors="replace").decode().strip() if isinstance(value, str) else ""

    def reason(self) -> str:
        """Return the reason in a form; raises RequestError for one that is too long or can't be printed."""
        reason = self.posted("why")
        if len(reason) > LONGEST_REASON:
            raise RequestError(
                400,
                Message("The reason is too long"),
                Message("Use %(limit)s characters or fewer.", {"limit": LONGEST_REASON}),
            )
        return printable(reason)


class Pages:
    """The dashboard's pages and buttons; each names the scope that a key needs for it, so none is open by mistake."""

    def __init__(self) -> None:
        """Begin without any."""
        self.router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

    def get[Answer: Callable[..., object]](self, path: str, scope: Scope) -> Callable[[Answer], Answer]:
        """Let a function show a page."""
        return self._answer("GET", path, scope)

    def post[Answer: Callable[..., object]](self, path: str, scope: Scope) -> Callable[[Answer], Answer]:
        """Let a function do what a button says."""
        return self._answer("POST", path, scope)

    def _answer[Answer: Callable[..., object]](
        self, method: str, path: str, scope: Scope
    ) -> Callable[[Answer], Answer]:
        def register(answer: Answer) -> Answer:
            def opened(**named: str) -> object:
                event = self.router.current_event
                request = _request_of(event)
                if request is None:
                    return _signed_out(event)
                try:
                    if method == "POST":
                        _check_own(request)
                    if not request.key.allows(scope):
                        message = f"this takes a key that may {scope}"
                        raise ScopeError(message)
                    if unknown := [name for name, text in named.items() if not can_name(name, text)]:
                        message = f"there is no such {unknown[0]}"
                        raise NotFoundError(message)
                    return answer(request, **named)
                except UndersignedError as error:
                    return _problem(request, error)

            self.router.route(f"{HOME}{path}", method)(opened)
            return answer

        return register


def show(shown: Page, *, status: int = 200, retry_after: int | None = None) -> Response[str]:
    """Answer with a page of the dashboard."""
    answer = page(shown, status=status, runs_scripts=True, retry_after=retry_after)
    # No address of the dashboard holds a secret, and without it browsers hide which site a post comes from.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def done(what: str, path: str = "") -> Response[str]:
    """Answer a button with the page that shows what it did."""
    return moved(f"{HOME}{path}?done={what}")


@router.post(f"{HOME}/session")
def sign_in() -> Response[str]:
    """Begin a session with a key."""
    event = router.current_event
    try:
        if not _is_of_this_site(event):
            raise _FOREIGN
        values = posted_values(event)
        campaign, text = (str(values.get(name, "")).strip() for name in ("campaign", "key"))
        key = wired.access.let_in(campaign, text, "read", event.request_context.http.source_ip)
    except KeyRefusedError:
        return _signing_in(event, 401, _REFUSED)
    except TooManyRefusalsError as error:
        found = problem_of(error)
        return _signing_in(event, 429, found.detail, found.retry_after)
    except RequestError as error:
        return _signing_in(event, error.status, error.detail)
    answer = moved(HOME)
    answer.cookies = [_cookie(wired.stack.tokens.for_session(key.campaign, key.digest))]
    return answer


@router.post(f"{HOME}/sign-out")
def sign_out() -> Response[str]:
    """End a session; whoever is signed out by another site has lost nothing, but that is refused, too."""
    event = router.current_event
    request = _request_of(event)
    if request:
        try:
            _check_own(request)
        except RequestError as error:
            return _problem(request, error)
    return _without_cookie()


def _request_of(event: APIGatewayProxyEventV2) -> DashboardRequest | None:
    """Return the request if its session and key are good."""
    session = next((value for name, _, value in map(_parts_of, event.cookies) if name == COOKIE), "")
    try:
        token = wired.stack.tokens.read_session(session)
        key = wired.access.let_in_again(token.campaign, token.digest, "read")
    except (TokenError, KeyRefusedError):
        return None
    return DashboardRequest(key.campaign, key, event, session)


def _parts_of(cookie: str) -> tuple[str, str, str]:
    return cookie.strip().partition("=")


def _signed_out(event: APIGatewayProxyEventV2) -> Response[str]:
    """Lead to the form that signs in, or show it."""
    if event.http_method == "GET" and event.path == HOME:
        # A link in a mail comes from another site, so the cookie stays at home until a page of ours asks again.
        if event.headers.get("sec-fetch-site") == "cross-site":
            return show(dashboard.doorstep(_language_of(event)))
        return show(dashboard.sign_in(_language_of(event)))
    return _without_cookie()


def _without_cookie() -> Response[str]:
    answer = moved(HOME)
    answer.cookies = [_cookie("")]
    return answer


def _signing_in(
    event: APIGatewayProxyEventV2, status: int, error: Message, retry_after: int | None = None
) -> Response[str]:
    language = _language_of(event)
    return show(dashboard.sign_in(language, error.in_language(language)), status=status, retry_after=retry_after)


def _language_of(event: APIGatewayProxyEventV2) -> str:
    return chosen_language(languages(), *asked_for(event))


def _cookie(value: str) -> Cookie:
    """Write the session's cookie; an empty one takes it away."""
    return Cookie(
        COOKIE,
        value,
        path="/",
        secure=True,
        http_only=True,
        same_site=SameSite.STRICT_MODE,
        max_age=int(VALID_FOR["session"].total_seconds()) if value else 0,
    )


def _check_own(request: DashboardRequest) -> None:
    """Let pass only what a page of this session has sent; raises RequestError."""
    sent = request.posted("token")
    expected = wired.stack.tokens.for_posts(request.session)
    if not _is_of_this_site(request.event) or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise _FOREIGN


def _is_of_this_site(event: APIGatewayProxyEventV2) -> bool:
    """Say whether a post comes from a page of our own, as the browser says it (Fetch Metadata, else RFC 6454)."""
    site = event.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    own = f"https://{event.headers.get('host', '')}"
    # Without a domain of its own, the stack is only where it answers.
    public = wired.stack.settings.sender_at(own).public_url
    return origin_of(event.headers.get("origin") or "") in {own, origin_of(public)} - {None}


def _problem(request: DashboardRequest, error: UndersignedError) -> Response[str]:
    match error:
        case ScopeError():
            found = _READ_ONLY
        case NotFoundError():
            found = _NOT_FOUND
        case _:
            found = problem_of(error)
    return show(dashboard.problem(request.viewer(), found.title, found.detail), status=found.status)
