"""The formats of exported files."""

from enum import StrEnum


class FileFormat(StrEnum):
    """The values of every ``--format``."""

    TABLE = "table"
    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"

    @property
    def suffix(self) -> str:
        return "txt" if self in (FileFormat.TABLE, FileFormat.TEXT) else self.value
