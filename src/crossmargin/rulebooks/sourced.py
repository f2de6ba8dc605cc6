"""A table that says where its values come from: what all tables of a rulebook file are."""

from msgspec import Struct


class Sourced(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table that says where its values come from.

    `source` is a key of `[sources]`, or one per value. `assumption` is the sentence to show where
    an answer rests on something in this table that the venue does not say.
    """

    source: str | dict[str, str]
    assumption: str | None = None
