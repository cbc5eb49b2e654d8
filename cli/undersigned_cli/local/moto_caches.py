"""Cache what moto and botocore recompute for each call although it never changes.

This takes most of the time of a call. The caches change no answer.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.useragent import UserAgentString
from moto.core import responses, serialize
from moto.dynamodb.models.table import StreamRecord
from moto.kms import models as kms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    type Names = Callable[[Any, Any], Iterable[str]]


def cache_in_moto() -> None:
    """Install the caches in moto and botocore, for this process."""
    # moto copies its tables, with every stream record, before each transaction. A record never changes.
    StreamRecord.__deepcopy__ = lambda self, _memo: self  # type: ignore[attr-defined]
    # moto makes an RSA key for each encrypted table and never uses it.
    kms.generate_private_key = cache(kms.generate_private_key)  # type: ignore[attr-defined]
    # moto lists the methods of a service's class to see whether the call is one of them.
    responses.method_names_from_class = cache(responses.method_names_from_class)  # type: ignore[attr-defined]
    # moto tries every name that a part of an answer could have.
    for picker in (serialize.AttributePicker, serialize.XFormedAttributePicker):
        picker.get_possible_keys = _names_once(picker.get_possible_keys)  # type: ignore[assignment,method-assign]
    # botocore composes the header User-Agent twice for each call.
    UserAgentString.to_string = lambda self: "local"  # type: ignore[method-assign]  # noqa: ARG005


def _names_once(names: Names) -> Names:
    """Cache the names of a part of an answer. In a plain dictionary, they depend on the part alone."""
    found: dict[Any, tuple[str, ...]] = {}

    def remembered(self: Any, context: Any) -> Iterable[str]:
        if type(context.obj) is not dict:
            return names(self, context)
        part = (context.shape, context.key, *self.alias_providers)
        if part not in found:
            found[part] = tuple(dict.fromkeys(names(self, context)))
        return found[part]

    return remembered
