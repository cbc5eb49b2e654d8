"""Malformed inputs: odd texts, and good samples that are cut, doubled, mixed and filled with odd texts."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Pieces that have broken parsers: ends of strings, tags, lines and numbers; characters that reorder, join or hide text.
ODD = (
    "", "\0", "\n", "\r\n", "\r", "\t", "\x0b", "\x1b[2J", "\x7f", "\x85", "\u2028", "\xad", "\u200b", "\u202e",
    "\u2066", "\ufeff", "\ufffe", "\U000e0041", "\U0010ffff", "é", "e\u0301", "ß", "ı", "İ", "ﬁ", "Σ", "李", "א", "ا",
    "👩\u200d👩\u200d👧", "Ｆｏｒｍ", "。", "٣", "²", "<", ">", "&", '"', "'", "`", "\\", "/", "//", "..", "#", "##",
    "?", "%", "%00", "%s", "%(name)s", "$", "{", "}", "{{", "}}", "{%", "%}", "{#", "{{ date }}", "{% if note %}",
    "{% endif %}", "{{ 7*7 }}", "{{ signer.__class__ }}", "<canary>", "</p><canary>", "<!--", "-->", "<![CDATA[",
    "]]>", "&lt;", "&#0;", "=1+1", "+1", "-1", "@x", "|", "~", ".", ",", ";", ":", "*", "**", "_", "___", "[", "]",
    "](", "(", ")", "!", "http://a.example", "javascript:1", "a@b.example", "xn--a", "null", "true", "NaN", "1e999",
    "-0", "1_0", "0x1", "9999999999999999999999999999999999999999", "1.5", "2026-02-30", "99999-01-01",
    "\nBcc: x@evil.example", "=?utf-8?q?a?=",
)  # fmt: skip

ANY_CHARACTER = st.characters(exclude_categories=["Cs"])
"""Any character of any plane, except lone surrogates."""

DEEP = "[" * 20_000
"""JSON that is nested too deep for Python's parser."""

SURROGATES = ("\ud800", "\udbff", "\udc00", "\udfff", "\ud83d")
"""Lone surrogates: JSON can contain them, but UTF-8 can't encode them."""


def texts(max_size: int = 60, *, surrogates: bool = False) -> st.SearchStrategy[str]:
    """Return texts of odd pieces and of any characters; with `surrogates`, also of lone surrogates."""
    odd = st.one_of(st.sampled_from(ODD), st.sampled_from(SURROGATES)) if surrogates else st.sampled_from(ODD)
    single = st.one_of(odd, st.text(ANY_CHARACTER, max_size=5))
    return st.one_of(
        st.lists(single, max_size=12).map(lambda pieces: "".join(pieces)[:max_size]),
        st.text(ANY_CHARACTER, max_size=max_size),
        st.builds(lambda piece, times: (piece * times)[:max_size], odd, st.integers(1, 400)),
    )


@st.composite
def mutated(draw: st.DrawFn, samples: Sequence[str], *, edits: int = 4) -> str:
    """Return an edited sample: parts are cut, doubled or repeated, and odd pieces are inserted."""
    text = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, edits))):
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        part, odd = text[start:end], draw(texts(20))
        edit = draw(st.sampled_from(("put", "cut", "take", "double", "repeat", "line")))
        text = {
            "put": text[:start] + odd + text[start:],
            "cut": text[:start] + text[end:],
            "take": text[:start] + odd + text[end:],
            "double": text[:end] + part + text[end:],
            "repeat": text[:start] + part[:8] * 30 + text[end:],
            "line": _with_line(text, draw(st.integers(0, 200)), odd),
        }[edit]
    return text


def _with_line(text: str, number: int, words: str) -> str:
    """Return a text in which `words` replace the value on one line: what follows its first `=`, comma or space."""
    lines = text.split("\n")
    place = number % len(lines)
    for sign in ("=", ",", " "):
        before, found, _ = lines[place].partition(sign)
        if found:
            lines[place] = before + found + words
            break
    return "\n".join(lines)


def values(*, surrogates: bool = True) -> st.SearchStrategy[Any]:
    """Return JSON values, odd and nested."""
    single = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from((1, 7, 0.5, 77.5, 10**30, -(10**19), 1e308, float("inf"), float("nan"), -0.0)),
        texts(20, surrogates=surrogates),
    )
    return st.recursive(
        single,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts(8), inner, max_size=3)),
        max_leaves=8,
    )


@st.composite
def mutated_values(draw: st.DrawFn, samples: Sequence[Any], *, edits: int = 3) -> Any:
    """Return an edited JSON value: parts are removed, replaced, swapped or wrapped."""
    whole = {"": deepcopy(draw(st.sampled_from(samples)))}
    for _ in range(draw(st.integers(0, edits))):
        places = list(_places(whole))
        holder, name = draw(st.sampled_from(places))
        match draw(st.sampled_from(("remove", "odd", "swap", "wrap", "more"))):
            case "remove" if name != "":
                del holder[name]
            case "swap":
                other, its_name = draw(st.sampled_from(places))
                holder[name] = deepcopy(other[its_name])
            case "wrap":
                holder[name] = draw(st.sampled_from(([holder[name]], {"S": holder[name]}, str(holder[name]))))
            case "more" if isinstance(holder[name], str):
                holder[name] += draw(texts(20, surrogates=True))
            case _:
                holder[name] = draw(values())
    return whole[""]


def _places(value: Any) -> Any:
    match value:
        case dict():
            inner = list(value)
        case list():
            inner = list(range(len(value)))
        case _:
            return
    for name in inner:
        yield value, name
        yield from _places(value[name])


def json_texts(samples: Sequence[Any]) -> st.SearchStrategy[str]:
    """Return texts that are JSON, almost JSON, or nested too deep."""
    return st.one_of(
        mutated_values(samples).map(json.dumps),
        mutated([json.dumps(sample) for sample in samples]),
        st.builds(
            lambda sign, depth, end: sign * depth + end,
            st.sampled_from(("[", '{"a":', '[{"a":')),
            st.sampled_from((1, 900, 20_000)),
            st.sampled_from(("", "]", "1")),
        ),
        texts(),
    )


def tried[**Given](examples: int) -> Callable[[Callable[Given, None]], Callable[Given, None]]:
    """Run a property on so many inputs, the same ones in every run. `make fuzz` tries others."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


__all__ = [
    "ANY_CHARACTER",
    "DEEP",
    "ODD",
    "example",
    "given",
    "json_texts",
    "mutated",
    "mutated_values",
    "st",
    "texts",
    "tried",
    "values",
]
