"""Answers as JSON: decimals as plain digits, names as they are in the records."""

from decimal import Decimal
from typing import Any

import msgspec
from litestar import Response
from litestar.enums import MediaType
from litestar.serialization import default_serializer
from litestar.types import Serializer
from msgspec import Struct

from crossmargin.money import plain


def plainly(value: object) -> object:
    """Return a value of records, dictionaries and lists with every decimal as plain digits."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Struct):
        return {name: plainly(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: plainly(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plainly(one) for one in value]
    return value


def encoded(value: object) -> bytes:
    """Return JSON."""
    return msgspec.json.encode(plainly(value))


class PlainResponse(Response[Any]):
    """A response whose content is written by `encoded`."""

    def render(
        self, content: object, media_type: str, enc_hook: Serializer = default_serializer
    ) -> bytes:
        """Return the body."""
        if media_type.startswith(MediaType.JSON):
            return encoded(content)
        return super().render(content, media_type, enc_hook)
