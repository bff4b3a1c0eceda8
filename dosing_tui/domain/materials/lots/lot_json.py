"""Lots and their shares as JSON: in the contents of tanks, and in the judgement of a batch."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dosing_tui.domain.materials.lots.batch_lots import BatchLot
from dosing_tui.domain.materials.lots.lot_mixing import Lot, LotShare

JsonDict = Mapping[str, Any]
"""Untyped JSON object; this module converts it to domain types."""


def shares_to_json(shares: Iterable[LotShare]) -> list[dict[str, object]]:
    return [{**_lot_to_dict(each.lot), "share": each.share} for each in shares]


def parse_shares(data: Iterable[JsonDict]) -> tuple[LotShare, ...]:
    """Raises: KeyError, TypeError or ValueError if it is not what ``shares_to_json`` makes."""
    return tuple(LotShare(_parse_lot(each), float(each["share"])) for each in data)


def batch_lots_to_json(lots: Iterable[BatchLot]) -> list[dict[str, object]]:
    """What was not given is left out."""
    return [
        {
            "chemical": each.chemical,
            **_lot_to_dict(each.lot),
            "share": each.share,
            "mass_g": each.mass_g,
            **{name: True for name, is_true in _list_marks(each) if is_true},
        }
        for each in lots
    ]


def parse_batch_lots(data: Iterable[JsonDict]) -> tuple[BatchLot, ...]:
    """Raises: KeyError, TypeError or ValueError if it is not what ``batch_lots_to_json`` makes."""
    return tuple(
        BatchLot(
            each["chemical"],
            _parse_lot(each),
            each["share"],
            each["mass_g"],
            bool(each.get("expired", False)),
            bool(each.get("sent", False)),
            bool(each.get("unentered", False)),
        )
        for each in data
    )


def _list_marks(lot: BatchLot) -> tuple[tuple[str, bool], ...]:
    return ("expired", lot.is_expired), ("sent", lot.is_sent), ("unentered", lot.is_unentered)


def _lot_to_dict(lot: Lot) -> dict[str, object]:
    details = {
        "supplier": lot.supplier,
        "expires_on": _format_day(lot.expires_on),
        "opened_on": _format_day(lot.opened_on),
        "certificate": lot.certificate,
    }
    return {"lot": lot.number, **{name: value for name, value in details.items() if value}}


def _parse_lot(data: JsonDict) -> Lot:
    return Lot(
        data["lot"],
        data.get("supplier", ""),
        _parse_day(data.get("expires_on")),
        _parse_day(data.get("opened_on")),
        data.get("certificate", ""),
    )


def _format_day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _parse_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
