"""Contrast of two colours, and their distance as seen by people who see fewer colours."""

import math
from collections.abc import Sequence

VISIONS = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
"""Matrices for linear RGB. Source: Machado, Oliveira, Fernandes 2009, severity 1.0."""


def compute_contrast(first: str, second: str) -> float:
    """Contrast ratio, 1 to 21, of two colours "#rrggbb". Source: WCAG 2.2, contrast ratio."""
    darker, lighter = sorted((compute_luminance(first), compute_luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def compute_luminance(colour: str) -> float:
    """Relative luminance, 0 to 1. Source: WCAG 2.2, relative luminance (sRGB)."""
    red, green, blue = _linearize_colour(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def compute_distance(first: str, second: str, vision: str) -> float:
    """Distance in CIELAB (1976) of two colours as seen with this vision; about 2 is just noticeable."""
    pairs = zip(_convert_to_lab(first, vision), _convert_to_lab(second, vision), strict=True)
    return math.sqrt(sum((one - other) ** 2 for one, other in pairs))


def _linearize_colour(colour: str) -> list[float]:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


def _convert_to_lab(colour: str, vision: str) -> tuple[float, float, float]:
    rgb = [min(1.0, max(0.0, _multiply(row, _linearize_colour(colour)))) for row in VISIONS[vision]]
    x = _compress(_multiply((0.4124, 0.3576, 0.1805), rgb) / 0.95047)
    y = _compress(_multiply((0.2126, 0.7152, 0.0722), rgb))
    z = _compress(_multiply((0.0193, 0.1192, 0.9505), rgb) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _multiply(row: Sequence[float], values: Sequence[float]) -> float:
    return sum(factor * value for factor, value in zip(row, values, strict=True))


def _compress(share: float) -> float:
    return float(share ** (1 / 3)) if share > 0.008856 else 7.787 * share + 16 / 116
