"""Names that an option takes with commas between."""

from crossmargin.errors import UsageError


def listed(text: str, option: str) -> tuple[str, ...]:
    """Return the names in `text` in their order, each once.

    Raises
    ------
    UsageError
        If there is none; the sentence begins with `option`.
    """
    names = tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if not names:
        raise UsageError(f"{option}: names none; write them with commas between")
    return names
