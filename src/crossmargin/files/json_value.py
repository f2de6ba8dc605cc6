"""What an answer may hold: everything JSON can say, numbers as decimal strings."""

from typing import TypeAlias

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None
