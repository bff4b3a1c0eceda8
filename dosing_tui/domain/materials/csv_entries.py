"""Entries of the material ledger from the lines of a CSV file, with a clear sentence for each that is none.

A line's key is made of what it says, not of how it is written: the same file twice adds nothing, also after
another program has saved it. Equal lines are numbered.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.materials.ledger import (
    EntrySource,
    MassUnitName,
    MaterialDraft,
    MaterialKind,
    clean_draft,
    validate_draft,
)
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import MaterialError

REQUIRED_COLUMNS = ("time", "device_id", "chemical", "kind", "quantity", "unit")
OPTIONAL_COLUMNS = (
    "pump", "density_g_per_ml", "lot_number", "supplier", "expires_on", "opened_on", "certificate", "reason",
    "operator",
)  # fmt: skip
MAX_ROWS = 10_000
_POINT_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
"""9500 or 9.5, by where it was written."""


class ParsedFile(Struct, frozen=True):
    """``faults``: a sentence for each line that is no entry, with its number."""

    drafts: tuple[MaterialDraft, ...]
    faults: tuple[str, ...]


def parse_entries(text: str, *, zone: tzinfo, operator: str, densities: Mapping[str, float]) -> ParsedFile:
    """Parse a file whose first line names the columns. ``operator``: of lines that name none.

    ``densities`` in g/ml by folded name. Times without an offset are in ``zone``. Raises: MaterialError.
    """
    header, _, _ = text.removeprefix("\ufeff").partition("\n")
    delimiter = _guess_delimiter(header)
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter)
    names = _read_header(next(reader, []))
    drafts: list[MaterialDraft] = []
    faults: list[str] = []
    seen: Counter[tuple[object, ...]] = Counter()
    for row in reader:
        content = tuple(cell.strip() for cell in row)
        if not any(content):
            continue
        if len(drafts) + len(faults) >= MAX_ROWS:
            raise MaterialError(f"The file has more than {MAX_ROWS} entries: import it in parts.")
        try:
            if len(content) != len(names):
                raise ValueError(_describe_lengths(len(content), len(names)))
            fields = dict(zip(names, content, strict=True))
            draft = _parse_row(fields, zone, operator, densities, is_point_decimal=delimiter == ",")
            said = _list_content(fields, draft)
            seen[said] += 1
            drafts.append(replace(draft, entry_key=_build_key(said, seen[said])))
        except (ValueError, OverflowError) as error:
            faults.append(f"Line {reader.line_num}: {error}")
    return ParsedFile(tuple(drafts), tuple(faults))


def _describe_lengths(values: int, columns: int) -> str:
    return f"{count_noun(values, 'value')} for {count_noun(columns, 'column')}."


def _guess_delimiter(header: str) -> str:
    return max((",", ";", "\t"), key=header.count)


def _read_header(row: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in row]
    for name in REQUIRED_COLUMNS:
        if name not in names:
            raise MaterialError(f"The first line does not name the column {name}.")
    known = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
    for name in names:
        if name not in known:
            raise MaterialError(f"There is no column {clean_line(name)!r}; there are {', '.join(known)}.")
        if names.count(name) > 1:
            raise MaterialError(f"The first line names the column {name} twice.")
    return names


def _list_content(fields: Mapping[str, str], draft: MaterialDraft) -> tuple[object, ...]:
    """What the line says, without what it leaves to the settings and the command."""
    return (
        draft.time.astimezone(UTC).isoformat(), draft.device_id, draft.chemical, draft.kind.value,
        draft.quantity, draft.unit.value,
        draft.density_g_per_ml if fields.get("density_g_per_ml") else None,
        draft.pump, draft.lot_number, draft.supplier, str(draft.expires_on), str(draft.opened_on),
        draft.certificate, draft.reason, draft.operator if fields.get("operator") else "",
    )  # fmt: skip


def _build_key(content: tuple[object, ...], occurrence: int) -> str:
    return f"csv:{blake2b(repr(content).encode(), digest_size=20).hexdigest()}-{occurrence}"


def _parse_row(
    fields: Mapping[str, str],
    zone: tzinfo,
    operator: str,
    densities: Mapping[str, float],
    *,
    is_point_decimal: bool,
) -> MaterialDraft:
    """Raises: ValueError with a sentence."""
    unit = _parse_unit(fields["unit"])
    chemical = fields["chemical"]
    density = _parse_decimal("density_g_per_ml", fields.get("density_g_per_ml", ""))
    if unit is MassUnitName.LITRE and density is None:
        density = densities.get(fold_name(chemical))
    pump = fields.get("pump", "")
    draft = clean_draft(MaterialDraft(
        "", EntrySource.CSV, _parse_time(fields["time"], zone), fields["device_id"], chemical,
        parse_kind(fields["kind"]),
        parse_quantity(fields["quantity"], is_point_decimal=is_point_decimal), unit,
        fields.get("operator", "") or operator, density if unit is MassUnitName.LITRE else None,
        _parse_whole("pump", pump) if pump else None,
        fields.get("lot_number", ""), fields.get("supplier", ""),
        parse_day("expires_on", fields.get("expires_on", "")),
        parse_day("opened_on", fields.get("opened_on", "")),
        fields.get("certificate", ""), fields.get("reason", ""),
    ))  # fmt: skip
    if sentence := validate_draft(draft):
        raise ValueError(sentence)
    return draft


def parse_kind(text: str) -> MaterialKind:
    """Raises: ValueError with a sentence."""
    word = text.strip().lower().replace(" ", "_").replace("-", "_")
    if word not in list(MaterialKind):
        raise ValueError(f"{_quote_text(text)} is not a kind; the kinds are {', '.join(MaterialKind)}.")
    return MaterialKind(word)


def parse_quantity(text: str, *, is_point_decimal: bool = False) -> float:
    """A number with a point or one comma. Raises: ValueError with a sentence, also if it may be thousands.

    ``is_point_decimal``: a point parts no thousands.

    >>> parse_quantity("12,5"), parse_quantity("-3")
    (12.5, -3.0)
    """
    plain = text.strip().replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    head, comma, tail = plain.partition(",")
    is_grouped = comma and ("." in plain or "," in tail or len(tail) == 3)
    if is_grouped or (not is_point_decimal and _POINT_GROUPED.fullmatch(plain)):
        raise ValueError(f"{_quote_text(text)} may be thousands or a fraction: write 9500 or 9500.5.")
    return _parse_number(text, f"{head}.{tail}" if comma else plain)


def _parse_number(text: str, plain: str) -> float:
    try:
        number = float(plain)
    except ValueError:
        raise ValueError(f"{_quote_text(text)} is not a number: write 9500 or 9500.5.") from None
    if not abs(number) <= 1e12:
        raise ValueError(f"{_quote_text(text)} is not a number: write 9500 or 9500.5.")
    return number


def parse_day(name: str, text: str) -> date | None:
    """None for no text. Raises: ValueError with a sentence."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{name} {_quote_text(text)} is not a date, e.g. 2027-05-01.") from None
    if not 2000 <= day.year < 2200:
        raise ValueError(f"{name} {_quote_text(text)} lies outside 2000 to 2199.")
    return day


def _parse_unit(text: str) -> MassUnitName:
    word = text.strip().lower()
    if word not in list(MassUnitName):
        raise ValueError(f"{_quote_text(text)} is not a unit; the units are g, kg, lb and l.")
    return MassUnitName(word)


def _parse_time(text: str, zone: tzinfo) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"time {_quote_text(text)} is not a time, e.g. 2026-11-24 06:00.") from None
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _parse_decimal(name: str, text: str) -> float | None:
    """Of a value that is never in thousands."""
    plain = text.strip()
    if not plain:
        return None
    try:
        return _parse_number(text, plain.replace(",", ".", 1))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _quote_text(text: str) -> str:
    return f"'{clean_line(text, 40)}'"


def _parse_whole(name: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 99:
        raise ValueError(f"{name} {_quote_text(text)} is not a number from 1 to 99.")
    return int(text)
