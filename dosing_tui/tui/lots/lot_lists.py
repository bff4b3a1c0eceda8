"""The lists of the lots page: lots in tanks and in store, the batches of a lot, the lots of a batch. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Any, TypeAlias

from msgspec import Struct

from dosing_tui.domain.materials.lots.batch_lots import MIN_SHARE
from dosing_tui.domain.materials.lots.lot_mixing import UNKNOWN_LOT
from dosing_tui.domain.materials.lots.lot_order import LotProposal
from dosing_tui.domain.materials.lots.lot_trace import LotTraceRow, drop_small_shares
from dosing_tui.domain.materials.lots.tank_lots import TankLots
from dosing_tui.domain.quantities.quantity_text import NO_VALUE, count_noun, format_decimal, format_mass
from dosing_tui.tui.batches.list_view import format_review_state, format_status, is_abnormal
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.data_table import StyledRuns, TableColumn, TableData
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, TEXT, CellStyle, ColourRole

UNKNOWN_LABEL = "▲ unknown lot"


class LotRow(Struct, frozen=True):
    """A lot in a tank or in store. ``share``: of the tank's content; None in store."""

    chemical: str
    number: str
    place: str
    share: float | None
    mass_g: float | None
    expires_on: date | None
    supplier: str
    note: str = ""
    is_fault: bool = False

    @property
    def identity(self) -> tuple[str, str, str]:
        """The row stays selected when its figures change."""
        return self.chemical, self.number, self.place


class LotListContext(Struct, frozen=True):
    zone: tzinfo
    stations: dict[str, str]
    """Short name of each station."""


class LotListing(Struct, frozen=True):
    """One page: its table, the lot or batch that it is of, and how many small shares are left out."""

    title: str
    table: TableData[Any]
    empty_text: str
    note: str = ""


LotTarget: TypeAlias = tuple[str, str]
"""Number and chemical of a lot."""


def list_lot_rows(
    tanks: Sequence[TankLots], store: Sequence[LotProposal], now: datetime, zone: tzinfo
) -> list[LotRow]:
    """Those in tanks, then those in store in the order to open them; shares below 1 % are left out."""
    today = now.astimezone(zone).date()
    rows = []
    for tank in tanks:
        last_day = None if tank.runs_out_at is None else tank.runs_out_at.astimezone(zone).date()
        for each in tank.shares:
            if 0.0 < each.share < MIN_SHARE:
                continue
            note, is_fault = _judge_lot(each.lot.number, each.lot.expires_on, today, last_day)
            mass_g = None if tank.book_g is None or not each.share else each.share * max(tank.book_g, 0.0)
            rows.append(
                LotRow(
                    tank.chemical, each.lot.number, tank.device_id, each.share, mass_g,
                    each.lot.expires_on, each.lot.supplier, note, is_fault,
                )
            )  # fmt: skip
    for proposal in store:
        stored = proposal.stored
        note = "▲ expired" if proposal.rank is None else "open next" if proposal.rank == 1 else ""
        rows.append(
            LotRow(
                stored.chemical, stored.lot.number, stored.place, None, stored.mass_g,
                stored.lot.expires_on, stored.lot.supplier, note, proposal.rank is None,
            )
        )  # fmt: skip
    return rows


def _judge_lot(number: str, expires_on: date | None, today: date, last_day: date | None) -> tuple[str, bool]:
    if number == UNKNOWN_LOT:
        return "▲ enter its lot", True
    if expires_on is not None and expires_on < today:
        return "▲ expired", True
    if expires_on is not None and last_day is not None and expires_on < last_day:
        return f"▲ lasts to {last_day:%d %b}", True
    return "", False


def build_lot_list(rows: Sequence[LotRow], context: LotListContext) -> LotListing:
    empty = "No lots: no delivery, refill or drum change with a lot is in the material ledger."
    return LotListing("Lots in tanks and in store", TableData(tuple(rows), _LOT_COLUMNS, context), empty)


def build_lot_trace(
    target: LotTarget, rows: Sequence[LotTraceRow], context: LotListContext, *, show_all: bool
) -> LotListing:
    """The batches of a lot."""
    number, chemical = target
    shown = tuple(rows) if show_all else drop_small_shares(rows)
    known = [row.mass_g for row in rows if row.mass_g is not None]
    mass = f", {format_mass(sum(known))}" if known else ""
    name = sanitize_text(number, 100) or "unknown"
    title = f"Lot {name} of {sanitize_text(chemical, 40)}: {count_noun(len(rows), 'batch', 'batches')}{mass}"
    return LotListing(
        title,
        TableData(shown, _BATCH_COLUMNS, context),
        "No batch has this lot.",
        _describe_rest(rows, shown),
    )


def build_batch_trace(
    batch_name: str, rows: Sequence[LotTraceRow], context: LotListContext, *, show_all: bool
) -> LotListing:
    """The lots of a batch."""
    shown = tuple(rows) if show_all else drop_small_shares(rows)
    return LotListing(
        f"Lots of batch {batch_name}",
        TableData(shown, _TRACE_COLUMNS, context),
        "No lot was entered for the tanks of this batch.",
        _describe_rest(rows, shown),
    )


def _describe_rest(rows: Sequence[LotTraceRow], shown: Sequence[LotTraceRow]) -> str:
    hidden = len(rows) - len(shown)
    return f"{count_noun(hidden, 'share')} below 1 %: key w shows them." if hidden else ""


def _format_share(share: float | None) -> str:
    if share is None:
        return ""
    if share == 0.0:
        return "?"
    return format_decimal(100.0 * share, 1) if share >= 0.001 else "<0.1"


def _format_day(day: date | None) -> str:
    return NO_VALUE if day is None else day.isoformat()


def _style_number(row: LotRow | LotTraceRow) -> StyledRuns:
    number = row.number if isinstance(row, LotRow) else row.lot_number
    return [(sanitize_text(number, 100), STRONG) if number else (UNKNOWN_LABEL, DEVIATION)]


def _style_expiry(row: LotTraceRow, context: LotListContext) -> StyledRuns:
    mark = "▲ " if row.is_expired else ""
    return [(f"{mark}{_format_day(row.expires_on)}", DEVIATION if row.is_expired else TEXT)]


def _style_status(row: LotTraceRow, context: LotListContext) -> StyledRuns:
    style = DEVIATION if is_abnormal(row.status) else CellStyle(ColourRole.DIM)
    return [(" ".join(format_status(row.status)), style)]


def _format_start(row: LotTraceRow, context: LotListContext) -> str:
    return f"{row.begins_at.astimezone(context.zone):%Y-%m-%d %H:%M}"


def _name_station(device: str, context: LotListContext) -> str:
    return sanitize_text(context.stations.get(device, device))


_LOT_COLUMNS: tuple[TableColumn[LotRow], ...] = (
    TableColumn("Chemical", 8, 90, lambda row, facts: sanitize_text(row.chemical), style=STRONG,
                max_growth=2, is_name=True),
    TableColumn("Lot", 14, 99, lambda row, facts: row.number, max_growth=8, is_name=True,
                format_runs=lambda row, facts: _style_number(row)),
    TableColumn("In", 6, 80, lambda row, facts: _name_station(row.place, facts), max_growth=4, is_name=True),
    TableColumn("Share %", 7, 95, lambda row, facts: _format_share(row.share), lambda row, facts: row.share,
                align_right=True),
    TableColumn("Left", 8, 70, lambda row, facts: format_mass(row.mass_g), lambda row, facts: row.mass_g,
                unit="g", align_right=True),
    TableColumn("Expires", 10, 85, lambda row, facts: _format_day(row.expires_on),
                lambda row, facts: row.expires_on),
    TableColumn("State", 18, 88, lambda row, facts: row.note, max_growth=6,
                format_runs=lambda row, facts: [(row.note, DEVIATION if row.is_fault else TEXT)]),
    TableColumn("Supplier", 10, 20, lambda row, facts: sanitize_text(row.supplier, 100), style=DIM,
                max_growth=20, is_name=True),
)  # fmt: skip
_SHARE_COLUMNS: tuple[TableColumn[LotTraceRow], ...] = (
    TableColumn("Share %", 7, 96, lambda row, facts: _format_share(row.share), lambda row, facts: row.share,
                align_right=True),
    TableColumn("Mass", 9, 70, lambda row, facts: format_mass(row.mass_g), lambda row, facts: row.mass_g,
                unit="g", align_right=True),
)  # fmt: skip
_BATCH_COLUMNS: tuple[TableColumn[LotTraceRow], ...] = (
    TableColumn("Batch", 18, 99, lambda row, facts: sanitize_text(row.batch_id, 90), style=STRONG,
                max_growth=14, is_name=True),
    TableColumn("Started", 16, 90, lambda row, facts: _format_start(row, facts),
                lambda row, facts: row.begins_at),
    TableColumn("Recipe", 8, 60, lambda row, facts: sanitize_text(row.recipe), max_growth=8,
                is_name=True),
    *_SHARE_COLUMNS,
    TableColumn("Status", 12, 50, lambda row, facts: format_status(row.status)[1],
                format_runs=_style_status),
    TableColumn("Review", 14, 55, lambda row, facts: format_review_state(row.review_state), style=DIM),
)  # fmt: skip
_TRACE_COLUMNS: tuple[TableColumn[LotTraceRow], ...] = (
    TableColumn("Chemical", 9, 90, lambda row, facts: sanitize_text(row.chemical), style=STRONG,
                max_growth=6, is_name=True),
    TableColumn("Lot", 14, 99, lambda row, facts: row.lot_number, max_growth=14, is_name=True,
                format_runs=lambda row, facts: _style_number(row)),
    *_SHARE_COLUMNS,
    TableColumn("Expires", 12, 85, lambda row, facts: _format_day(row.expires_on),
                lambda row, facts: row.expires_on, format_runs=_style_expiry),
    TableColumn("Opened", 10, 30, lambda row, facts: _format_day(row.opened_on),
                lambda row, facts: row.opened_on, style=DIM),
    TableColumn("Supplier", 10, 40, lambda row, facts: sanitize_text(row.supplier or "", 100), style=DIM,
                max_growth=14, is_name=True),
    TableColumn("Certificate", 11, 35, lambda row, facts: sanitize_text(row.certificate or "", 200),
                style=DIM, max_growth=14, is_name=True),
)  # fmt: skip
