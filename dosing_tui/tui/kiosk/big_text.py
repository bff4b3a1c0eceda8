"""Text in block letters, legible from across a hall: five pixels high, in any size. Pure."""

from collections.abc import Mapping

from dosing_tui.tui.rendering.canvas import Canvas, Rows, split_cells
from dosing_tui.tui.rendering.palette import CellStyle

_PIXEL_ROWS = 5
_GLYPHS: Mapping[str, str] = {
    "0": "###/#.#/#.#/#.#/###", "1": ".#./##./.#./.#./###", "2": "###/..#/###/#../###",
    "3": "###/..#/###/..#/###", "4": "#.#/#.#/###/..#/..#", "5": "###/#../###/..#/###",
    "6": "###/#../###/#.#/###", "7": "###/..#/..#/..#/..#", "8": "###/#.#/###/#.#/###",
    "9": "###/#.#/###/..#/###", "A": "###/#.#/###/#.#/#.#", "B": "##./#.#/##./#.#/##.",
    "C": "###/#../#../#../###", "D": "##./#.#/#.#/#.#/##.", "E": "###/#../##./#../###",
    "F": "###/#../##./#../#..", "G": "####/#.../#.##/#..#/####", "H": "#.#/#.#/###/#.#/#.#",
    "I": "###/.#./.#./.#./###", "J": "..#/..#/..#/#.#/###", "K": "#..#/#.#./##../#.#./#..#",
    "L": "#../#../#../#../###", "M": "#...#/##.##/#.#.#/#...#/#...#", "N": "#..#/##.#/#.##/#..#/#..#",
    "O": "####/#..#/#..#/#..#/####", "P": "###/#.#/###/#../#..", "Q": "####/#..#/#..#/####/...#",
    "R": "###/#.#/##./#.#/#.#", "S": ".###/#.../.##./...#/###.", "T": "###/.#./.#./.#./.#.",
    "U": "#.#/#.#/#.#/#.#/###", "V": "#.#/#.#/#.#/#.#/.#.", "W": "#...#/#...#/#.#.#/##.##/#...#",
    "X": "#.#/#.#/.#./#.#/#.#", "Y": "#.#/#.#/###/.#./.#.", "Z": "###/..#/.#./#../###",
    " ": "../../../../..", ".": "././././#", ",": "../../../.#/#.", ":": "./#/./#/.",
    "-": ".../.../###/.../...",
    "–": ".../.../###/.../...", "−": ".../.../###/.../...", "+": ".../.#./###/.#./...",
    "%": "#..#/...#/.##./#.../#..#", "/": "..#/..#/.#./#../#..", "!": "#/#/#/./#",
    "_": ".../.../.../.../###", "(": ".#/#./#./#./.#", ")": "#./.#/.#/.#/#.",
    "…": "...../...../...../...../#.#.#",
}  # fmt: skip
MAX_SIZE = 8


def is_drawable(text: str) -> bool:
    """There is a letter for each of its characters."""
    return all(character in _GLYPHS for character in text.upper())


def measure_big_text(text: str, size: int) -> tuple[int, int]:
    """Columns and rows of a text. A pixel is ``size`` columns wide and half as many rows high."""
    pixels = sum(len(_GLYPHS[character].split("/")[0]) + 1 for character in text.upper())
    return max(0, pixels - 1) * size, -(-_PIXEL_ROWS * size // 2)


def choose_size(texts: list[str], width: int, height: int) -> int:
    """The largest size in which each of the texts has room; 0 where none has."""
    for size in range(MAX_SIZE, 0, -1):
        measured = [measure_big_text(text, size) for text in texts if is_drawable(text)]
        if all(columns <= width and rows <= height for columns, rows in measured):
            return size if len(measured) == len(texts) else 0
    return 0


def render_big_text(text: str, size: int, style: CellStyle) -> Rows:
    """The text in halves of cells; size 0, or a text without letters here, is plain text."""
    if size < 1 or not is_drawable(text):
        canvas = Canvas(len(split_cells(text)), 1)
        canvas.write_text(0, 0, text, style)
        return canvas.rows
    columns, rows = measure_big_text(text, size)
    canvas = Canvas(columns, rows, style._replace(fg=style.bg))
    x = 0
    for character in text.upper():
        lines = _GLYPHS[character].split("/")
        for column in range(len(lines[0]) * size):
            for y in range(rows):
                upper, lower = (_is_set(lines, column // size, (2 * y + half) // size) for half in (0, 1))
                block = {(True, True): "█", (True, False): "▀", (False, True): "▄"}.get((upper, lower))
                if block is not None:
                    canvas.set_cell(x + column, y, block, style)
        x += (len(lines[0]) + 1) * size
    return canvas.rows


def _is_set(lines: list[str], column: int, row: int) -> bool:
    return row < _PIXEL_ROWS and lines[row][column] == "#"
