"""Names that every part of the provisioning uses: data source, folder, and JSON as a type."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]

DATASOURCE_UID = "dosing-tui"
DATASOURCE: JsonObject = {"type": "grafana-postgresql-datasource", "uid": DATASOURCE_UID}
FOLDER = "Dosing"
TAG = "dosing"
FILE_HEADER = "Made by dosing-tui grafana: change the panels or the settings and make it again."
"""At the start of every file: a file with this line may be replaced."""


def build_query(sql: str, *, ref: str = "A", format: str = "table") -> dict[str, Json]:
    """The query model of a panel, an annotation or an alert rule; ``format`` is table or time_series."""
    return {
        "refId": ref,
        "datasource": DATASOURCE,
        "editorMode": "code",
        "format": format,
        "rawQuery": True,
        "rawSql": sql,
    }
