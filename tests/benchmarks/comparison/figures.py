"""Figures of several rounds: medians, ratios, the table and the JSON."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OURS = "dosing-tui"
"""What the others are compared with."""


@dataclass(slots=True)
class FigureSet:
    """``values``: what was measured, by figure ("flood: messages/s") and subject, a value for each round."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add_figures(self, scenario: str, subject: str, measured: Mapping[str, float]) -> None:
        for name, value in measured.items():
            self.values.setdefault(f"{scenario}: {name}", {}).setdefault(subject, []).append(value)

    @property
    def subjects(self) -> list[str]:
        """In the order in which they were measured, ours first."""
        found = dict.fromkeys(subject for by_subject in self.values.values() for subject in by_subject)
        return sorted(found, key=lambda subject: subject != OURS)

    def find_median(self, figure: str, subject: str) -> float | None:
        values = self.values[figure].get(subject)
        return statistics.median(values) if values else None

    def find_ratio(self, figure: str, subject: str) -> float | None:
        """Ours to the subject's: the median of the rounds' ratios, as both were measured in turns."""
        ours, theirs = (self.values[figure].get(one, []) for one in (OURS, subject))
        ratios = [a / b for a, b in zip(ours, theirs, strict=False) if b]
        return statistics.median(ratios) if ratios and subject != OURS else None

    def format_table(self) -> str:
        """In Markdown: medians, with ours divided by theirs in brackets."""
        subjects = self.subjects
        rows = [["", *subjects], *([name, *self._list_cells(name, subjects)] for name in self.values)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = [_format_row(row, widths) for row in rows]
        lines.insert(
            1, "|" + "|".join("-" * (width + 1) + (":" if n else "-") for n, width in enumerate(widths)) + "|"
        )
        return "\n".join(lines)

    def to_json(self) -> list[dict[str, Any]]:
        """A list of figures, each with its rounds, median and ratio by subject."""
        return [
            {
                "figure": figure,
                "subject": subject,
                "rounds": rounds,
                "median": self.find_median(figure, subject),
                "ours_to_this": self.find_ratio(figure, subject),
            }
            for figure, by_subject in self.values.items()
            for subject, rounds in by_subject.items()
        ]

    def _list_cells(self, figure: str, subjects: Sequence[str]) -> Iterator[str]:
        for subject in subjects:
            median, ratio = self.find_median(figure, subject), self.find_ratio(figure, subject)
            yield (
                "" if median is None else format_value(median) + ("" if ratio is None else f" ({ratio:.2f}×)")
            )


def format_value(value: float) -> str:
    """Three digits that count, and no fewer than the whole number has."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{2 if abs(value) >= 1 else 3}f}" if abs(value) < 10 else f"{value:.1f}"


def _format_row(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        text.ljust(width) if number == 0 else text.rjust(width)
        for number, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "| " + " | ".join((first, *others)) + " |"
