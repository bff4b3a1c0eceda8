"""One statement that stores a chunk's readings and the spool's progress: one round trip, one transaction."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct, field

from dosing_tui.database import row_codec
from dosing_tui.database.sql_files import LEADING_COMMENT, read_statement
from dosing_tui.domain.messages.models import Reading, ReadingKind

_PARAMETER = re.compile(r"%\((\w+)\)s")


class ChunkResult(Struct, frozen=True):
    """``progress``: last_seq, stored, duplicates, rejected."""

    progress: tuple[int, int, int, int]
    stored: list[Reading] = field(default_factory=list)
    duplicates: list[Reading] = field(default_factory=list)


class ChunkStatement:
    """Of readings that are all valid, for a spool whose progress is known."""

    def __init__(self, readings: Iterable[Reading], *, kinds: Iterable[ReadingKind] = ()) -> None:
        """``kinds``: are in the statement also without a reading."""
        self._readings = dict.fromkeys(kinds, ()) | row_codec.group_by_kind(readings)

    @property
    def text(self) -> bytes:
        """With the placeholders of the server: psycopg would look for its own in each chunk's text again."""
        return _build_text(tuple(self._readings)).text

    def build_parameters(self, spool_id: UUID, site: str, *, before: int, last_seq: int) -> list[object]:
        """``before``: the spool's progress; if the database has another, the statement fails as a whole."""
        rows = {
            name: text
            for kind, readings in self._readings.items()
            for name, text in row_codec.encode_readings(kind, readings).items()
        }
        given = sum(map(len, self._readings.values()))
        progress = {"spool_id": spool_id, "site": site, "before": before, "last_seq": last_seq}
        values = {**rows, **progress, "given": given}
        return [values[name] for name in _build_text(tuple(self._readings)).names]

    def read_result(self, row: Sequence[Any]) -> ChunkResult:
        """``row``: the statement's only row."""
        result = ChunkResult((row[0], row[1], row[2], row[3]))
        for (kind, readings), (count, keys) in zip(
            self._readings.items(), zip(row[5::2], row[6::2], strict=True), strict=True
        ):
            if count == len(readings):
                result.stored.extend(readings)
                continue
            stored, known = row_codec.split_stored(kind, readings, [_read_key(kind, key) for key in keys])
            result.stored.extend(stored)
            result.duplicates.extend(known)
        return result


def list_empty_chunks() -> list[ChunkStatement]:
    """A statement without readings for each set of kinds."""
    return [
        ChunkStatement((), kinds=kinds)
        for size in range(1, len(ReadingKind) + 1)
        for kinds in combinations(ReadingKind, size)
    ]


class _NumberedText(NamedTuple):
    """A statement with $1, $2, and the names of these parameters."""

    text: bytes
    names: tuple[str, ...]


@cache
def _build_text(kinds: tuple[ReadingKind, ...]) -> _NumberedText:
    names = [f"new_{kind.value}" for kind in kinds]
    inserts = "".join(
        f"{name} AS ({LEADING_COMMENT.sub('', read_statement(f'writes/insert_{kind.value}'))}),\n"
        for name, kind in zip(names, kinds, strict=True)
    )
    count = " + ".join(f"(SELECT count(*) FROM {name})" for name in names)
    results = "".join(
        f",\n       (SELECT count(*) FROM {name}),"
        f" (SELECT coalesce(json_agg({name}), '[]') FROM {name}, counts WHERE counts.stored < %(given)s)"
        for name in names
    )
    statement = LEADING_COMMENT.sub("", read_statement("writes/insert_chunk"))
    text = statement.format(inserts=inserts, count=count, results=results)
    given = tuple(dict.fromkeys(_PARAMETER.findall(text)))
    return _NumberedText(_PARAMETER.sub(lambda found: f"${given.index(found[1]) + 1}", text).encode(), given)


def _read_key(kind: ReadingKind, key: Mapping[str, Any]) -> list[object]:
    return [
        datetime.fromisoformat(key[name]) if name == "time" else key[name]
        for name in row_codec.UNIQUE_KEYS[kind]
    ]
