from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from undersigned.base.errors import TokenError
from undersigned.base.links import Links
from undersigned.people.sessions import person_of_post, post_tokens

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def links(*secrets: str, moment: datetime = NOON) -> Links:
    return Links(lambda name, _: secrets if name == "organizers" else ("another secret",), lambda: moment)


def token_of(session: str) -> str:
    return links("old").sign("person", "0" * 32, session)


def test_posts_are_accepted_with_the_tokens_of_every_key() -> None:
    session = token_of("0" * 32)
    (new,), (old,) = (post_tokens(links(key), session) for key in ("new", "old"))
    assert post_tokens(links("new", "old"), session) == (new, old)


def test_the_token_for_posts_depends_only_on_the_session() -> None:
    session, other = token_of("0" * 32), token_of("1" * 32)
    later = NOON + timedelta(hours=3)
    assert post_tokens(links("old"), session) == post_tokens(links("old", moment=later), session)
    made = {
        post_tokens(links("old"), session),
        post_tokens(links("old"), other),
        post_tokens(links("new"), session),
    }
    assert len(made) == 3


def test_a_post_tells_its_person_under_every_key_and_under_no_other() -> None:
    (token,) = post_tokens(links("old"), token_of("0" * 32))
    assert person_of_post(links("new", "old"), token) == "0" * 32
    with pytest.raises(TokenError):
        person_of_post(links("new"), token)
