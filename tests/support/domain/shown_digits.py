"""The digits of a number on a screen, worked out by decimals."""

from decimal import ROUND_FLOOR, Decimal


def show(value: float | None, form: str) -> str:
    """By a format as '+.2f', and as Grafana's formatter: the float times a power of ten, a half of it up."""
    if value is None:
        return "–"
    decimals = int(form[-2])
    shifted = Decimal(value * 10**decimals) + Decimal("0.5")
    return f"{shifted.to_integral_value(ROUND_FLOOR).scaleb(-decimals) + 0:{form}}"
