"""What Grafana makes of a query before the database sees it, by its documentation and sources."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]")
_MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^\)]*)\)")


def interpolate_query(
    sql: str,
    *,
    since: datetime,
    until: datetime,
    now: datetime | None = None,
    chosen: Mapping[str, Sequence[str]] | None = None,
    all_value: Mapping[str, str] | None = None,
) -> str:
    """First the browser's part, then the server's. ``chosen``: an empty sequence is 'All', whose custom value
    goes in as it is. ``now`` stands in for the database's clock.

    Raises: KeyError, for a variable or a macro that there is none of.
    """
    values = {name: _quote_strings(picked) for name, picked in (chosen or {}).items()}
    everything = all_value or {}

    def variable(found: re.Match[str]) -> str:
        name = found[1] or found[3]
        if found[2] != "sqlstring":
            raise KeyError(found[0])
        return values[name] or everything[name]

    macros = {"__timeFrom": _format_time(since), "__timeTo": _format_time(until)}
    text = _MACRO.sub(lambda found: macros[found[1]], _VARIABLE.sub(variable, sql))
    return text if now is None else text.replace("now()", f"{_format_time(now)}::timestamptz")


def _quote_strings(picked: Sequence[str]) -> str:
    """Grafana's format sqlstring, which takes a double quote for one of SQL's strings."""
    return ",".join("'" + value.replace("'", "''").replace('"', '\\"') + "'" for value in picked)


def _format_time(moment: datetime) -> str:
    """Go's RFC3339Nano, in UTC."""
    utc = moment.astimezone(UTC)
    fraction = f".{utc.microsecond:06}".rstrip("0") if utc.microsecond else ""
    return f"'{utc:%Y-%m-%dT%H:%M:%S}{fraction}Z'"
