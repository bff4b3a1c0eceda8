"""Rows of panels compared with what they should be: equal but for the last digits of a sum."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from msgspec import Struct, structs


def are_equal(found: Sequence[object], told: Sequence[object]) -> bool:
    """Equal but for the last digits of a sum."""
    return [_comparable_fields(row) for row in found] == [
        pytest.approx(_comparable_fields(row), rel=1e-9, abs=1e-9) for row in told
    ]


def _comparable_fields(row: object) -> dict[str, object]:
    assert isinstance(row, Struct)
    return {name: _to_comparable(value) for name, value in structs.asdict(row).items()}


def _to_comparable(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    return value.toordinal() if hasattr(value, "toordinal") else value
