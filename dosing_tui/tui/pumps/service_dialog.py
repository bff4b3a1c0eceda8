"""Enters what was done to a pump or a scale: the work, the part, weighings, time, note, name."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from dosing_tui.domain.capability.service_log import (
    ServiceDraft,
    ServiceKind,
    clean_draft,
    describe_part,
    parse_readings,
    validate_service,
)
from dosing_tui.domain.panels.operator_notes import MAX_AUTHOR_LENGTH, MAX_TEXT_LENGTH
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Rows, fit_names, sanitize_text
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog, InvalidEntryError
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, ChoiceField, FormPart, TextEntry
from dosing_tui.tui.widgets.time_entry import create_time_entry

KINDS = (ServiceKind.TUBE, ServiceKind.CALIBRATION, ServiceKind.CHECK, ServiceKind.TARE)
CONSEQUENCES = {
    ServiceKind.TUBE: "The pump's figures and the use of its tube start again.",
    ServiceKind.CALIBRATION: "The figures of the pump, or of all pumps of the scale, start again.",
    ServiceKind.CHECK: "Mean and CV of the weighings are reckoned from them.",
    ServiceKind.TARE: "It is noted and marked; no figure starts again.",
}
_MASS_WIDTH, _MAX_READINGS_LENGTH, _STATION_WIDTH = 12, 400, 40


class PumpPart(NamedTuple):
    """A pump, or for None the scale of the station."""

    device: str
    pump: int | None


class ServiceDialog(FormDialog[ServiceDraft]):
    def __init__(
        self, theme: TerminalTheme, parts: Sequence[PumpPart], *, part_index: int, name: str,
        clock: Callable[[], datetime], zone: tzinfo,
    ) -> None:  # fmt: skip
        """``part_index``: the part shown first. The time is now, until it is changed."""
        self._parts_to_choose, self._clock = parts, clock
        stations = fit_names([sanitize_text(part.device) for part in parts], _STATION_WIDTH)
        self._kind = ChoiceField(label="Work", options=[kind.value for kind in KINDS])
        self._part = ChoiceField(
            label="At",
            options=[
                f"{describe_part(part.pump)} · {name}" for part, name in zip(parts, stations, strict=True)
            ],
            values=[f"{part.pump} {part.device}" for part in parts],
            index=part_index,
        )
        self._target = TextEntry(
            label="Target g", field=text_field.TextField(max_length=_MASS_WIDTH), width=_MASS_WIDTH + 1
        )
        self._readings = TextEntry(
            label="Weighed g", field=text_field.TextField(max_length=_MAX_READINGS_LENGTH)
        )
        self._time = create_time_entry("Done at", clock(), zone)
        self._note = TextEntry(label="Note", field=text_field.create_field("", MAX_TEXT_LENGTH))
        self._operator = TextEntry(
            label="Name", field=text_field.create_field(name, MAX_AUTHOR_LENGTH), is_person=True
        )
        fields: list[FormPart] = [
            self._kind, self._part, BLANK_ROW, self._target, self._readings, BLANK_ROW, self._time,
            self._note, self._operator,
        ]  # fmt: skip
        super().__init__(theme, "Log of pumps and scales", fields, action="Save")

    @property
    def selected_kind(self) -> ServiceKind:
        return KINDS[self._kind.index]

    def render_rows(self, width: int, height: int) -> Rows:
        is_check = self.selected_kind is ServiceKind.CHECK
        self._target.hint = "the mass that was asked for" if is_check else "for a check weighing only"
        self._notice = CONSEQUENCES[self.selected_kind]
        return super().render_rows(width, height)

    def build_result(self) -> ServiceDraft:
        part = self._parts_to_choose[self._part.index]
        is_scale = self.selected_kind is ServiceKind.TARE
        draft = ServiceDraft(
            self.entry_id, self._time.parse_time(), part.device, None if is_scale else part.pump,
            self.selected_kind, self._operator.text, self._note.text, self._parse_target(),
            self._parse_readings(),
        )  # fmt: skip
        if wrong := validate_service(draft, self._clock()):
            raise InvalidEntryError(wrong)
        return clean_draft(draft)

    def _parse_target(self) -> float | None:
        try:
            (target,) = parse_readings(self._target.text) or (None,)
        except ValueError as error:
            raise InvalidEntryError("Enter the target in g, e.g. 40.") from error
        return target

    def _parse_readings(self) -> tuple[float, ...]:
        try:
            return parse_readings(self._readings.text)
        except ValueError as error:
            raise InvalidEntryError(str(error)) from error
