"""What each section of the settings is: a frozen struct whose secrets are not shown."""

from typing import Annotated

from msgspec import Struct

Secret = Annotated[str, "secret"]
"""Filled from elsewhere, never from the settings file."""


class Section(Struct, frozen=True):
    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in list_file_keys(type(self)))
        return f"{type(self).__name__}({shown})"


def list_secret_keys(kind: type) -> tuple[str, ...]:
    """Fields of a settings class that ``repr`` leaves out; they are never in the file."""
    return tuple(name for name, hint in kind.__annotations__.items() if hint is Secret)


def list_file_keys(kind: type) -> tuple[str, ...]:
    """Fields of a settings class that the file may set, in the order of their declaration."""
    return tuple(name for name, hint in kind.__annotations__.items() if hint is not Secret)
