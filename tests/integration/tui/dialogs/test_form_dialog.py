"""The base of all forms: focus, required fields, errors, and keys that arrive in one packet."""

from textual import events

from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.widgets.form_dialog import FormDialog, InvalidEntryError
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, ChoiceField, FormPart, TextEntry, wrap_form_text
from tests.support.tui.dialog_driver import LOOKS, Dialog, assert_whole, open_dialog


class SampleForm(FormDialog[tuple[str, str, int]]):
    """Two lines of text, the first one required, and a choice."""

    def __init__(self) -> None:
        self._reason = TextEntry(label="Reason", field=TextField(), required="A reason is required.")
        self._person = TextEntry(label="Name", field=TextField())
        self._choice = ChoiceField(label="Size", options=["small", "medium", "large"], is_cyclic=False)
        fields: list[FormPart] = [self._reason, self._person, self._choice]
        super().__init__(
            LOOKS["dark"], "Sample", [wrap_form_text("Some text."), BLANK_ROW, *fields], action="Save"
        )

    def build_result(self) -> tuple[str, str, int]:
        if self._person.text == "nobody":
            raise InvalidEntryError("Nobody cannot sign.")
        return self._reason.text, self._person.text, self._choice.index


async def send_packet(driver: Dialog[tuple[str, str, int]], *keys: str) -> None:
    """All keys before any of them is handled, as from a slow line."""
    for key in keys:
        character = {"enter": "\r", "tab": "\t"}.get(key, key)
        driver.pilot.app.post_message(events.Key(key, character))
    await driver.pilot.pause()
    await driver.pilot.pause()


async def test_keys_of_one_packet_reach_the_field_that_has_the_focus_by_then() -> None:
    async with open_dialog(SampleForm()) as driver:
        await send_packet(driver, *"why", "tab", *"Zoe", "enter")
        assert driver.results == [("why", "Zoe", 0)]


async def test_an_empty_required_field_gets_the_focus_and_the_message_goes_with_the_next_key() -> None:
    async with open_dialog(SampleForm()) as driver:
        assert "▲ A reason is required." in await driver.press_keys("tab", "x", "enter")
        assert "▲" not in await driver.press_keys("y")
        await driver.press_keys("enter")
        assert driver.results == [("y", "x", 0)]


async def test_a_refused_entry_keeps_the_form_open_with_its_reason() -> None:
    async with open_dialog(SampleForm()) as driver:
        assert "▲ Nobody cannot sign." in await driver.press_keys("x", "tab", *"nobody", "enter")
        assert_whole(driver, (80, 24))
        assert driver.results == []


async def test_the_arrows_lead_from_the_last_field_to_the_first_and_a_choice_stops_at_its_ends() -> None:
    async with open_dialog(SampleForm()) as driver:
        await driver.press_keys("up", "left", "right", "right", "right", "down", "z", "enter")
        assert driver.results == [("z", "", 2)]


async def test_a_paste_is_one_line_of_the_focused_field_and_nothing_in_a_choice() -> None:
    async with open_dialog(SampleForm()) as driver:
        await driver.paste_text("one\ntwo\x1b[2J[bold]")
        await driver.press_keys("up")
        await driver.paste_text("three")
        await driver.press_keys("enter")
        assert driver.results == [("one two[2J[bold]", "", 0)]


async def test_letters_find_an_option_and_one_that_no_option_has_changes_nothing() -> None:
    async with open_dialog(SampleForm()) as driver:
        assert "← large →" in await driver.press_keys(*"why", "tab", "tab", *"la")
        assert "← large →" in await driver.press_keys("z")
        assert "← medium →" in await driver.press_keys("m")
        await driver.press_keys("enter")
        assert driver.results == [("why", "", 1)]
