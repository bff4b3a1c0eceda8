"""The cell canvas: every chart and tile is rows of (character, style)."""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import accumulate, pairwise
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from rich.cells import get_character_cell_size

from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.quantities.quantity_text import format_decimal, round_half_up
from dosing_tui.tui.rendering.palette import DIM, TEXT, CellStyle

Cell: TypeAlias = tuple[str, CellStyle]
"""One character with its combining marks; '' follows a character that is two cells wide."""
Rows: TypeAlias = list[list[Cell]]
Data = TypeVar("Data")
Options = ParamSpec("Options")
_CLAUSE_GAP = " · "
_TWO_DIGITS = 10
_NUMBER, _EXPONENT = re.compile(r"[+-]?[0-9][0-9 ]*(\.[0-9]+)?"), re.compile(r"e([+-][0-9]+)")
_LEAST_NAME = 8
"""Cells in which a long word that others follow is still worth its two ends."""


def split_cells(text: str) -> list[str]:
    """Text as one string per cell: wide characters take two, marks share the cell of their character."""
    if text.isascii():
        return list(text)
    found: list[str] = []
    for character in text:
        width = get_character_cell_size(character)
        if width == 0 and found:
            found[-2 if found[-1] == "" else -1] += character
        else:
            found += [character, ""] if width == 2 else [character] * width
    return found


def fit_cells(text: str, width: int) -> list[str]:
    """The cells of ``write_text``, cut to ``width`` with an ellipsis where it does not fit."""
    found = split_cells(text)
    if len(found) <= width:
        return found
    if width <= 0:
        return []
    kept = found[: width - 1]
    if kept and found[width - 1] == "" and kept[-1]:
        kept[-1] = " "
    return [*kept, "…"]


def fit_names(names: Sequence[str], width: int) -> list[str]:
    """Names in at most ``width`` cells, distinct where the names are: see ``fit_labels``.

    >>> fit_names(["chemical 01", "chemical 02"], 8)
    ['chemi…01', 'chemi…02']
    """
    labels = fit_labels(names, width)
    return [labels[name] for name in names]


def cut_middle(text: str, width: int, head: int) -> str:
    """The first ``head`` cells and as many of the last as there is room for; the whole text if it fits."""
    cells = split_cells(text)
    if len(cells) <= width:
        return text
    start, end = cells[:head], cells[len(cells) - (width - 1 - head) :]
    if cells[head] == "" and start:
        start[-1] = " "
    if end and end[0] == "":
        end[0] = " "
    return "".join([*start, "…", *end])


def drop_clauses(text: str, width: int) -> str:
    """The text without the last of its clauses, which follow a ' · '; '' if that leaves too little.

    >>> drop_clauses("Low inventory: T-9 at 11.9 % · last dose 40.00 g", 32)
    'Low inventory: T-9 at 11.9 % …'
    """
    clauses = text.split(_CLAUSE_GAP)
    shorter = (f"{_CLAUSE_GAP.join(clauses[:count])} …" for count in range(len(clauses) - 1, 0, -1))
    least = 0 if len(split_cells(text)) <= width else width // 2
    return next((kept for kept in (text, *shorter) if least <= len(split_cells(kept)) <= width), "")


def cut_clauses(text: str, width: int) -> str:
    """Without its last clauses; if that leaves too little, the last one kept lacks words, but not its value.

    >>> cut_clauses("Tank nearly empty: Natriumhypochlorit at 3.1 % · last dose 40.00 g", 34)
    'Tank nearly empty: … at 3.1 %'
    >>> cut_clauses("Tank nearly empty: Natriumhypochlorit at 3.1 % · last dose 40.00 g", 14)
    'Tank … 3.1 %'
    """
    if kept := drop_clauses(text, width):
        return kept
    clauses = text.split(_CLAUSE_GAP)
    heads = ("".join(f"{clause}{_CLAUSE_GAP}" for clause in clauses[:n]) for n in range(len(clauses)))
    head, clause = max(
        (
            pair
            for pair in zip(heads, clauses, strict=True)
            if not pair[0] or len(split_cells(pair[0])) < width // 2
        ),
        key=lambda pair: len(pair[0]),
    )
    return head + _cut_middle_words(clause, width - len(split_cells(head)))


def cut_end(text: str, width: int) -> str:
    """Without its last words: of a sentence that begins with what matters.

    >>> cut_end("Broker down · 127.0.0.1:1883 accepts the connection and answers nothing", 44)
    'Broker down · 127.0.0.1:1883 accepts the …'
    """
    if len(split_cells(text)) <= width:
        return text
    words = _split_words(text)
    head = " ".join(words[: _count_fitting(words, width - 2)]).rstrip(" ·,;:")
    return f"{head} …" if head else "".join(fit_cells(text, width))


def _cut_middle_words(text: str, width: int) -> str:
    """The first words and the last ones, if those hold the value. What stands in brackets is one word."""
    words: list[str] = []
    for word in _split_words(text):
        if words and words[-1].count("(") > words[-1].count(")"):
            words[-1] += f" {word}"
        else:
            words.append(word)
    beginning = words[: _count_fitting(words, width - 2)]
    if any(_DEVIATION.match(word) for word in beginning):
        return cut_end(text, width)
    if kept := _keep_deviation(words, width):
        return kept
    count = _count_fitting(words, (width - 1) * 3 // 5)
    head = " ".join(words[:count])
    room = width - (len(split_cells(head)) + 3 if head else 2)
    end = " ".join(words[len(words) - _count_fitting(words[count:][::-1], room) :])
    if beginning and not any(character.isdigit() for character in end):
        return cut_end(text, width)
    if end:
        return f"{head} … {end}".lstrip()
    if len(words) > 1 and width < _LEAST_NAME:
        return ""
    return cut_middle(text, width, head=(width - 1) * 3 // 5) if width > 1 else ""


def _keep_deviation(words: Sequence[str], width: int) -> str:
    """The first words and a deviation with what has room behind it; '' without one, or without room."""
    if not (at := next((number for number, word in enumerate(words) if _DEVIATION.match(word)), 0)):
        return ""
    ends = (" ".join(words[at:stop]) for stop in range(len(words), at, -1) if words[stop - 1] != "of")
    for end in ends:
        if count := _count_fitting(words[:at], width - len(split_cells(end)) - 3):
            return f"{' '.join(words[:count])} … {end}"
    bare = f"… {words[at]}"
    return "" if len(split_cells(bare)) > width or _count_fitting(words, (width - 1) * 3 // 5) else bare


def _count_fitting(words: Sequence[str], width: int) -> int:
    """How many of the first words have room in ``width`` cells."""
    ends = accumulate(len(split_cells(word)) + 1 for word in words)
    return sum(end - 1 <= width for end in ends)


def fit_number(text: str, width: int) -> str:
    """A number without room loses decimals while two digits or all of it are left, else it is a power of ten.

    Cut within its digits it would be read as another.

    >>> [fit_number("671 920.48", width) for width in (9, 8, 6, 5, 2)]
    ['671 920.5', '671 920', '671920', '6.7e5', '…']
    >>> fit_number("+32 331.12", 5), fit_number("-0.0012", 5), fit_number("1 234", 2), fit_number("T-12", 2)
    ('+3e4', '-1e-3', '…', 'T-12')
    """
    if len(text) <= width or not _NUMBER.fullmatch(text):
        return text
    sign, value = "+" * text.startswith("+"), float(text.replace(" ", ""))
    decimals = len(text.partition(".")[2])
    rounded = [
        sign + format_decimal(value, digits)
        for digits in range(decimals, -1, -1)
        if abs(short := round_half_up(value, digits)) * 10**digits >= _TWO_DIGITS or short == value
    ]
    powers = (f"{sign}{value:.{digits}e}" for digits in (2, 1, 0))
    powers = (_EXPONENT.sub(lambda found: f"e{int(found[1])}", power) for power in powers)
    texts = (*rounded, *(number.replace(" ", "") for number in rounded), *powers)
    return next((number for number in texts if len(number) <= width), "…")


def pad_cells(text: str, width: int) -> str:
    """The text with blanks behind it, to ``width`` cells."""
    return text + " " * (width - len(split_cells(text)))


def paint_nothing(data: object, width: int, height: int) -> Rows:
    """The painter of a content that has no data."""
    return []


def sanitize_text(text: str, limit: int = 64) -> str:
    """Text from messages without control characters, at most ``limit`` cells."""
    return clean_text(text, limit=limit)


class Canvas:
    """A rectangle of cells. Parts outside its edges are not drawn."""

    def __init__(self, width: int, height: int, style: CellStyle = TEXT) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self.rows: Rows = [[(" ", style)] * self.width for _ in range(self.height)]

    def write_text(
        self, x: int, y: int, text: str, style: CellStyle = TEXT, *, width: int | None = None
    ) -> int:
        """Write from ``x`` on, at most ``width`` cells; returns the column behind the text."""
        room = self.width - x if width is None else min(width, self.width - x)
        drawn = fit_cells(text, room)
        if 0 <= y < self.height and x >= 0:
            self.rows[y][x : x + len(drawn)] = [(character, style) for character in drawn]
        return x + len(drawn)

    def write_right(self, x: int, y: int, text: str, style: CellStyle = TEXT) -> int:
        """Write so that it ends before column ``x``, a number whole; returns the first column."""
        text = fit_number(text, x)
        drawn = split_cells(text)
        start = max(0, x - len(drawn))
        self.write_text(start, y, text, style, width=x - start)
        return start

    def paste_rows(self, x: int, y: int, rows: Rows) -> None:
        for number, row in enumerate(rows):
            if 0 <= y + number < self.height and 0 <= x < self.width:
                kept = row[: self.width - x]
                self.rows[y + number][x : x + len(kept)] = kept

    def set_cell(self, x: int, y: int, character: str, style: CellStyle) -> None:
        """One cell."""
        if 0 <= y < self.height and 0 <= x < self.width:
            self.rows[y][x] = (character, style)

    def fill_row(self, y: int, style: CellStyle) -> None:
        """Make a whole row blank, with the background of ``style``."""
        if 0 <= y < self.height:
            self.rows[y] = [(" ", style)] * self.width


def paint_cells(
    draw: Callable[Concatenate[Canvas, Data, Options], None],
) -> Callable[Concatenate[Data, int, int, Options], Rows]:
    """Make of a function that draws data on a canvas one of data, width and height that returns the cells."""

    @wraps(draw)
    def paint(data: Data, width: int, height: int, /, *args: Options.args, **options: Options.kwargs) -> Rows:
        canvas = Canvas(width, height)
        draw(canvas, data, *args, **options)
        return canvas.rows

    return paint


def render_paragraph(text: str, width: int, height: int, style: CellStyle = DIM) -> Rows:
    """A centred sentence, broken between words; a first line of its own is a heading."""
    canvas = Canvas(width, height)
    heading, _, details = text.rpartition("\n")
    room = max(1, width - 2)
    lines = [(line, TEXT) for line in wrap_text(heading, room)] + [
        (line, style) for line in wrap_text(details, room)
    ]
    if len(lines) > height > 0:
        lines[height - 1 :] = [(lines[height - 1][0][: room - 1] + "…", lines[height - 1][1])]
    top = max(0, (height - len(lines)) // 2)
    for number, (line, ink) in enumerate(lines):
        canvas.write_text(max(0, (width - len(split_cells(line))) // 2), top + number, line, ink)
    return canvas.rows


def wrap_text(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken between words, or within one that is longer than a line.

    A number and its unit stay on one line. A long path is broken behind a slash.

    >>> wrap_text("T-12 at 3.1 %", 11)
    ['T-12 at', '3.1 %']
    >>> wrap_text("factory/dosing/consumption: now", 20)
    ['factory/dosing/', 'consumption: now']
    """
    lines: list[str] = []
    for word in _split_words(text):
        if lines and len(split_cells(lines[-1])) + 1 + len(split_cells(word)) <= width:
            lines[-1] += f" {word}"
            continue
        cells = split_cells(word)
        while len(cells) > width > 0:
            # the second cell of a wide character goes with its first
            end = width - 1 if cells[width] == "" and width > 1 else width
            end = next((place for place in range(end, end // 3, -1) if cells[place - 1] == "/"), end)
            lines.append("".join(cells[:end]))
            cells = cells[end:]
        if cells:
            lines.append("".join(cells))
    return lines


def wrap_to_height(text: str, width: int, height: int) -> list[str]:
    """At most ``height`` lines; the last one is cut at its end if there are more.

    >>> wrap_to_height("Broker does not answer: it hangs", 14, 2)
    ['Broker does', 'not answer …']
    """
    lines = wrap_text(text, width)
    if len(lines) <= height:
        return lines
    return [*lines[: height - 1], cut_end(" ".join(lines[height - 1 :]), width)] if height > 0 else []


def _split_words(text: str) -> list[str]:
    words: list[str] = []
    for word, following in pairwise([*text.split(), ""]):
        last = words[-1] if words else ""
        is_number_behind = last[-1:].isdigit()
        if (_DURATION.search(last) and word.isdigit() and following.rstrip(".,;:)") in _SMALLER_UNITS) or (
            is_number_behind and (word.rstrip(".,;:)") in _UNITS or _THOUSANDS.match(word))
        ):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


_DEVIATION = re.compile(r"[+−-]\d")
"""How the value of a message begins that does not end with it: 'T-12 -0.56 g of 65.28 g (pump 2)'."""
_SMALLER_UNITS, _DURATION = frozenset({"h", "min", "s"}), re.compile(r"\d (d|h|min)$")
"""The second half of a duration, '9 min 13 s', is no value of its own."""
_THOUSANDS = re.compile(r"\d{3}(\D|$)")
"""The next digits of a number whose thousands are apart."""
_UNITS = frozenset({"%", "g", "kg", "s", "min", "h", "d", "kB", "MB", "dBm"})
