"""The lots of a batch on its page: share, mass and expiry of each. Pure."""

from collections.abc import Sequence

from dosing_tui.domain.materials.lots.batch_lots import BatchLot, describe_share
from dosing_tui.domain.quantities.quantity_text import count_noun, format_mass
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_names, sanitize_text
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, TEXT

_NAME_WIDTH, _LOT_WIDTH = 13, 21
_UNKNOWN_LABEL = "unknown lot"


def render_lots(lots: Sequence[BatchLot], width: int) -> Rows:
    """One row for each; shares below 1 % are one row together. None where no lots are kept."""
    large = [each for each in lots if each.is_finding]
    hidden = len(lots) - len(large)
    canvas = Canvas(width, len(large) + bool(hidden))
    chemicals = fit_names([sanitize_text(each.chemical) for each in large], _NAME_WIDTH - 1)
    numbers = fit_names([_name_lot(each) for each in large], _LOT_WIDTH - 1)
    for y, (each, chemical, number) in enumerate(zip(large, chemicals, numbers, strict=True)):
        canvas.write_text(0, y, chemical, STRONG)
        canvas.write_text(_NAME_WIDTH, y, number, STRONG if each.is_known else DEVIATION)
        _draw_lot(canvas, y, each)
    if hidden:
        canvas.write_text(_NAME_WIDTH, len(large), f"{count_noun(hidden, 'lot')} below 1 %", DIM)
    return canvas.rows


def _name_lot(lot: BatchLot) -> str:
    return sanitize_text(lot.lot.number, 100) if lot.is_known else f"▲ {_UNKNOWN_LABEL}"


def _draw_lot(canvas: Canvas, y: int, lot: BatchLot) -> None:
    """What follows its chemical and its number."""
    is_good = lot.is_known and not lot.is_expired and not lot.is_unentered
    share = describe_share(lot)
    x = _NAME_WIDTH + _LOT_WIDTH
    canvas.write_text(x + max(0, 8 - len(share)), y, share, TEXT)
    x = canvas.write_text(x + max(8, len(share)), y, f" · {format_mass(lot.mass_g)}", DIM)
    if lot.is_expired:
        canvas.write_text(x, y, f" · ▲ expired on {lot.lot.expires_on}", DEVIATION)
    elif lot.is_unentered:
        canvas.write_text(x, y, " · ▲ not in the material ledger", DEVIATION)
    elif lot.lot.expires_on and is_good:
        x = canvas.write_text(x, y, f" · expires {lot.lot.expires_on}", DIM)
        canvas.write_text(x, y, f" · {sanitize_text(lot.lot.supplier, 40)}" if lot.lot.supplier else "", DIM)
