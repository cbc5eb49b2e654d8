"""Test what each reader is told about each error, and that each error has a line or a reason to have none."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, get_args

import pytest

import undersigned
from tests.support.signatures import TREES
from undersigned.base.errors import (
    FAULT,
    LOAD_AGAIN,
    BusyError,
    DamagedRowsError,
    FieldError,
    FileMissingError,
    FormError,
    GivenError,
    LetterError,
    NotFoundError,
    NotNowError,
    PacketErasedError,
    PacketNotReadyError,
    Reader,
    TokenError,
    TokenExpiredError,
    TryAgainError,
    UndersignedError,
    problem_of,
)
from undersigned.base.languages import Message
from undersigned.base.posted import ProgramError, RequestError
from undersigned.base.typos import MistypedError
from undersigned.delivering.office import AnotherMailboxError
from undersigned.people.access import KeyRefusedError, KeyScopeError, ScopeError, TooManyRefusalsError
from undersigned.signing.letters import ExpiredError
from undersigned.signing.sign import ClosedError
from undersigned.workshop.mistakes import MistakesError

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = Message("Choose another day.")
A_FIELD = FieldError("name", Message("Write your name."))
AGAIN = "Send the request again."
CHECK = "Check the web address."
ASKED_TOO_OFTEN = "Too many requests came from your network. Wait 2 seconds, then try again."
MANY_SIGN = (
    "Many people are signing from your network. Wait 2 seconds, then send the form again. What you typed is kept."
)


def while_open[Error: (ExpiredError, TokenExpiredError)](error: Error) -> Error:
    error.can_sign = True
    return error


LINES: list[tuple[UndersignedError, str, str | dict[Reader, str]]] = [
    (GivenError(WORDS), "400 We can’t read this request", "Choose another day."),
    (GivenError(Message("`day` is in the past."), plainly=WORDS), "400 We can’t read this request", str(WORDS)),
    (RequestError(413, Message("This is too long"), WORDS), "413 This is too long", "Choose another day."),
    (
        ProgramError(WORDS, Message("This is no day"), 415),
        "415 This is no day",
        {"signer": str(WORDS), "program": str(WORDS), "organizer": str(LOAD_AGAIN)},
    ),
    (
        KeyRefusedError(),
        "401 A key is missing or wrong",
        "Send `Authorization: Bearer <key>` with a key of this campaign. `undersigned key create` creates one.",
    ),
    (
        KeyScopeError("letters"),
        "403 This key may not read this",
        "Use a key with the scope `letters`. `undersigned key create --scope letters` creates one.",
    ),
    (
        ScopeError("read", "own"),
        "403 You may not do this",
        "Only owners can do this. Ask an owner of the campaign, or the person who runs the system.",
    ),
    (
        ScopeError("read", "manage"),
        "403 You may not do this",
        "To see letters or change anything, you must be an editor or an owner of the campaign. Ask an owner.",
    ),
    (
        NotFoundError("there is no such target"),
        "404 Page not found",
        {"signer": CHECK, "organizer": CHECK, "program": "there is no such target."},
    ),
    (
        TokenError(),
        "404 This link is not complete",
        "Part of it may be missing. Open the link in the email again, or copy all of it.",
    ),
    (NotNowError(WORDS), "409 This can’t be done now", "Choose another day."),
    (PacketNotReadyError(WORDS), "409 This file is not ready", "Choose another day."),
    (
        AnotherMailboxError(),
        "409 This link only shows what was sent",
        (
            "The letters no longer go to the address that got this link. If another address gets them, open the link "
            "in the newest email there."
        ),
    ),
    (
        ClosedError(TREES),
        "409 You can’t sign this letter now",
        "The letter’s page shows when you can sign it.",
    ),
    (PacketErasedError(WORDS), "410 This file was deleted", "Choose another day."),
    (
        FileMissingError(),
        "410 This file is not stored",
        "The time to keep its file is over, or the file was not copied when the campaign moved to another system.",
    ),
    (ExpiredError("parks"), "410 This letter was deleted", "It was not confirmed within 14 days."),
    (
        while_open(ExpiredError("parks")),
        "410 This letter was deleted",
        "It was not confirmed within 14 days. You can sign again on the letter’s page.",
    ),
    (TokenExpiredError(), "410 This link has expired", "To reach the organizer, reply to the email."),
    (
        while_open(TokenExpiredError("parks")),
        "410 This link has expired",
        "Sign again, or reply to the email to reach the organizer.",
    ),
    (FormError((A_FIELD,)), "422 There is a problem", "Correct the fields in the list, then send the form again."),
    (MistypedError("ada@a.example"), "422 Check your email address", "Did you mean ada@a.example?"),
    (MistypedError(None), "422 Check your email address", "The domain of this address takes no email."),
    (
        MistakesError([]),
        "422 Something is left to do",
        "Nothing was saved or published. Each step of the campaign says what is left.",
    ),
    (
        BusyError(2),
        "429 Just a moment: 2 s",
        {"organizer": ASKED_TOO_OFTEN, "program": ASKED_TOO_OFTEN, "signer": MANY_SIGN},
    ),
    (
        TooManyRefusalsError(2),
        "429 Just a moment: 2 s",
        "This key is wrong, and was sent too often. Wait 2 seconds, then send the right key.",
    ),
    (
        TryAgainError(),
        "503 Just a moment: 1 s",
        {"signer": "Send the form again. Nothing is lost.", "organizer": AGAIN, "program": AGAIN},
    ),
    (
        DamagedRowsError("a row"),
        "503 The mistake is on our side: 3600 s",
        (
            "A record that this page needs can’t be read, so trying again doesn’t help. The people who run this "
            "system have been told. If you pressed a button, it may have had no effect."
        ),
    ),
]
"""Each error with its status, title and seconds to wait, and its detail: the same for all readers, or for each."""

STAYS_AN_ERROR = {
    "AnswerError": "the form collects it in a FormError",
    "BundleTakenError": "sealing reads the bundles again",
    "ExplainedError": "only its kinds are raised",
    "FontsError": "the layer of fonts is incomplete",
    "KeyringError": "the secret holds no keys",
    "LetterError": "a campaign's compiled letter is wrong",
    "LettersNotWaitingError": "sealing leaves these letters out",
    "MailRefusedError": "no request sends emails",
    "NotDoneError": "no request runs jobs",
    "NotPlannedError": "no request plans deliveries",
    "NotQueuedError": "SQS failed: nobody can do anything about it",
    "OutOfTimeError": "no request stores packets",
    "SendingStoppedError": "no request sends emails",
    "SettingsError": "a setting of the stack is wrong",
    "SignInError": "the form to sign in says it",
    "SignatureStateError": "the letter's page shows its status",
    "SignedOutError": "the dashboard shows the form to sign in",
    "TypesettingError": "the letter or the template is wrong",
    "UncertainError": "no request sends emails",
    "UnsettledError": "no request delivers",
    "WrongCodeError": "the form to sign in says it",
}


def errors() -> Iterator[type[UndersignedError]]:
    """Yield every class of an error in the shared layer."""
    for module in pkgutil.walk_packages(undersigned.__path__, "undersigned."):
        importlib.import_module(module.name)
    left = [UndersignedError]
    while left:
        found = left.pop().__subclasses__()
        left += found
        yield from (error for error in found if error.__module__.startswith("undersigned."))


@pytest.mark.parametrize(("error", "headline", "said"), LINES, ids=[type(error).__name__ for error, *_ in LINES])
@pytest.mark.parametrize("reader", get_args(Reader.__value__))
def test_each_reader_is_told_what_is_wrong_and_what_to_do(
    error: UndersignedError, headline: str, said: str | dict[Reader, str], reader: Reader
) -> None:
    problem = problem_of(error, reader)

    wait = f": {problem.retry_after} s" if problem.retry_after else ""
    assert f"{problem.status} {problem.title}{wait}" == headline
    assert str(problem.detail) == (said if isinstance(said, str) else said[reader])
    assert problem.errors == ((A_FIELD,) if isinstance(error, FormError) else ())


def test_every_error_has_a_line_or_a_reason_to_have_none() -> None:
    found = {*errors()}
    told = tuple(type(error) for error, *_ in LINES)
    own = {error for error in found if {"status", "title", "detail", "detail_for"} & vars(error).keys()}

    assert own - {*told} == set()
    assert {error.__name__ for error in found if not issubclass(error, told)} == STAYS_AN_ERROR.keys()
    assert {error.status for error in found if error.__name__ in STAYS_AN_ERROR} == {FAULT}


def test_an_error_without_a_line_is_raised_unchanged() -> None:
    error = LetterError("no such field")
    with pytest.raises(LetterError) as raised:
        problem_of(error, "signer")
    assert raised.value is error
