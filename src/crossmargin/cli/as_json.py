"""Answers as programs read them, printed."""

import msgspec
import typer


def show_json(content: object) -> None:
    """Print `content`, plain values or records, as indented JSON."""
    typer.echo(msgspec.json.format(msgspec.json.encode(content), indent=2).decode())
