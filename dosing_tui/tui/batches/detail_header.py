"""The row above one batch: its position in the list, and the reviewer's name and signature. Pure."""

from dataclasses import dataclass

from dosing_tui.domain.batch_review.review_rules import NO_SIGNATURE, PIN_SIGNATURE
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

_DIM_STYLE = CellStyle(ColourRole.DIM, ColourRole.BAR_BACKGROUND)


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """``name`` is '' until the reviewer has entered one."""

    name: str = ""
    is_pin_required: bool = False
    warning: str = ""


def render_detail_header(position: str, signer: SignerInfo, width: int) -> Rows:
    canvas = Canvas(width, 1, _DIM_STYLE)
    canvas.write_text(1, 0, position, CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND))
    who = f"reviewer {sanitize_text(signer.name, 24)}" if signer.name else "no reviewer name entered"
    label = PIN_SIGNATURE if signer.is_pin_required else NO_SIGNATURE
    x = canvas.write_right(width - 1, 0, f"{who} · {label}", _DIM_STYLE)
    if signer.warning and width >= 100:
        canvas.write_right(x - 2, 0, signer.warning, CellStyle(ColourRole.WARN, ColourRole.BAR_BACKGROUND))
    return canvas.rows
