"""The lots of a batch in its printed record."""

from collections.abc import Sequence

from dosing_tui.domain.materials.lots.batch_lots import BatchLot, describe_share
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.export.documents.document import (
    DocumentRow,
    DocumentSection,
    DocumentTable,
    TextBlock,
    make_headings,
)
from dosing_tui.export.documents.formatting import format_number

_NOT_GIVEN = ""
_UNKNOWN_LABEL = "unknown"


def build_lot_sections(lots: Sequence[BatchLot]) -> tuple[DocumentSection, ...]:
    """No section where no lots are kept. Shares below 1 % are counted, not listed."""
    if not lots:
        return ()
    large = [each for each in lots if each.is_finding]
    table = DocumentTable(
        make_headings("Chemical", "Lot", ">Share", ">Mass g", "Expires", "Opened", "Supplier", "Certificate"),
        tuple(_build_row(each) for each in large),
    )
    hidden = len(lots) - len(large)
    more = TextBlock((f"{count_noun(hidden, 'lot')} below 1 %: dosing-tui trace --batch KEY --all.",))
    return (DocumentSection("Lots", (table, *([more] if hidden else []))),)


def _build_row(lot: BatchLot) -> DocumentRow:
    expires_on, opened_on = lot.lot.expires_on, lot.lot.opened_on
    expired = " EXPIRED" if lot.is_expired else ""
    return DocumentRow(
        (
            lot.chemical,
            lot.lot.number or _UNKNOWN_LABEL,
            describe_share(lot),
            format_number(lot.mass_g),
            f"{expires_on}{expired}" if expires_on else _NOT_GIVEN,
            str(opened_on) if opened_on else _NOT_GIVEN,
            lot.lot.supplier,
            lot.lot.certificate,
        ),
        is_flagged=lot.is_expired or lot.is_unentered or not lot.is_known,
    )
