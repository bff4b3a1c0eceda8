"""What becomes of each field of the three kinds of records: taken, repaired, flagged or refused."""

from typing import Any

import pytest

from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Rejection, TimeQuality
from tests.support.domain.payload_samples import (
    DOSE,
    DOSES,
    EVENT,
    EVENTS,
    LEVEL,
    LEVELS,
    MADE,
    RECEIVED,
    a_dose,
    a_level,
    a_rejection,
    an_event,
    change_fields,
    make_parser,
    parse_payload,
    remove_fields,
    with_raw,
)


def test_the_firmwares_dose_is_read_without_a_flag() -> None:
    found = a_dose(DOSE)
    assert found == Dose(
        time=MADE, device_id="dosing_system_01", pump=2, chemical="T-12", target_g=40.0, actual_g=40.15,
        error_g=0.15, recipe="CU-85", mode="CATALYST", duration_ms=58_432, dedup=found.dedup,
        received_at=RECEIVED, time_quality=TimeQuality.DEVICE, legacy_dedup=found.legacy_dedup,
    )  # fmt: skip


def test_a_stations_batch_lot_and_operator_are_kept_and_nobody_misses_them() -> None:
    sent = a_dose(change_fields(DOSE, batch_id="B 17", lot=4711, operator=" Anna "))
    assert (sent.batch_id, sent.lot, sent.operator) == ("B 17", "4711", "Anna")
    plain = a_dose(DOSE)
    assert (plain.batch_id, plain.lot, plain.operator, plain.flags) == ("", "", "", ())
    odd = a_dose(change_fields(DOSE, lot=["A"], operator=None))
    assert (odd.lot, odd.operator, len(odd.flags)) == ("", "", 1)
    event = an_event(change_fields(EVENT, batch_id="B 17", operator="Anna"))
    assert (event.batch_id, event.lot, event.operator, event.flags) == ("B 17", "", "Anna", ())
    assert sent.dedup == plain.dedup  # they are no part of what makes it the same dose


def test_the_firmwares_batch_event_is_read_without_a_flag() -> None:
    found = an_event(EVENT)
    assert found == BatchEvent(
        time=MADE, device_id="dosing_system_01", event="start", recipe="CU-85", pumps=2, dedup=found.dedup,
        received_at=RECEIVED, time_quality=TimeQuality.DEVICE, legacy_dedup=found.legacy_dedup,
    )  # fmt: skip


def test_the_firmwares_level_is_read_without_a_flag_at_the_time_it_came() -> None:
    found = a_level(LEVEL)
    assert found == InventoryLevel(
        time=RECEIVED, device_id="dosing_system_01", chemical="T-12", remaining_g=12_345.67,
        capacity_g=15_000.0, percent_full=82.304, dedup=found.dedup,
        received_at=RECEIVED, time_quality=TimeQuality.RECEIVE, legacy_dedup=found.legacy_dedup,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("target", "actual", "error", "expected", "flags"),
    [
        (40.0, 40.15, 0.15, 0.15, ()),
        (40.0, 40.15, 0.16, 0.16, ()),
        (40.0, 40.15, 0.17, 0.17, ()),
        (40.0, 40.15, 0.18, 0.15, ("error_g: recomputed",)),
        (40.0, 40.15, -0.15, 0.15, ("error_g: recomputed",)),
        (40.0, 40.15, None, 0.15, ("error_g: missing", "error_g: recomputed")),
        (40.0, None, 0.15, None, ("actual_g: missing", "error_g: without actual_g")),
        (None, 40.15, None, None, ("target_g: missing", "error_g: missing")),
    ],
)
def test_the_error_is_what_the_masses_say(
    target: float | None,
    actual: float | None,
    error: float | None,
    expected: float | None,
    flags: tuple[str, ...],
) -> None:
    found = a_dose(change_fields(DOSE, target_g=target, actual_g=actual, error_g=error))
    assert (found.error_g, found.flags) == (expected, flags)


@pytest.mark.parametrize(
    ("level", "capacity", "percent", "flags"),
    [
        ({"percent_full": 82.3}, 15_000.0, 82.304, ()),
        ({"percent_full": 83.0}, 15_000.0, 82.304, ("percent_full: recomputed",)),
        ({"percent_full": None}, 15_000.0, 82.304, ("percent_full: missing", "percent_full: recomputed")),
        ({"capacity_g": 0}, None, None, ("capacity_g: 0 is none",)),
        ({"capacity_g": -1}, None, None, ("capacity_g: -1 is none",)),
        ({"capacity_g": None}, None, 82.3, ("capacity_g: missing",)),
        (
            {"capacity_g": 0, "percent_full": None},
            None, None, ("percent_full: missing", "capacity_g: 0 is none"),
        ),
        ({"remaining_g": None}, 15_000.0, 82.3, ("remaining_g: missing",)),
        (
            {"remaining_g": -150.0, "percent_full": -1.0},
            15_000.0, -1.0, ("remaining_g: range", "percent_full: range"),
        ),
        ({"remaining_g": 15_150.0, "percent_full": 101.0}, 15_000.0, 101.0, ("percent_full: range",)),
    ],
)  # fmt: skip
def test_the_percent_is_what_the_masses_say(
    level: dict[str, object], capacity: float | None, percent: float | None, flags: tuple[str, ...]
) -> None:
    found = a_level(change_fields(LEVEL, **level))
    assert (found.capacity_g, found.percent_full, found.flags) == (capacity, percent, flags)


def test_a_level_without_a_capacity_gets_the_one_last_sent() -> None:
    reader = make_parser()
    reader.parse_message(LEVELS, LEVEL, received_at=RECEIVED)
    other = change_fields(remove_fields(LEVEL, "capacity_g", "percent_full"), remaining_g=7_500.0)
    (found,) = reader.parse_message(LEVELS, other, received_at=RECEIVED)
    assert isinstance(found, InventoryLevel)
    assert (found.capacity_g, found.percent_full) == (15_000.0, 50.0)
    assert "capacity_g: last known" in found.flags
    (stranger,) = reader.parse_message(LEVELS, change_fields(other, chemical="T-9"), received_at=RECEIVED)
    assert isinstance(stranger, InventoryLevel)
    assert (stranger.capacity_g, stranger.percent_full) == (None, None)


@pytest.mark.parametrize(
    ("topic", "payload", "name"),
    [
        (DOSES, DOSE, "device_id"), (DOSES, DOSE, "pump"), (DOSES, DOSE, "chemical"),
        (EVENTS, EVENT, "device_id"), (EVENTS, EVENT, "event"),
        (LEVELS, LEVEL, "device_id"), (LEVELS, LEVEL, "chemical"),
    ],
)  # fmt: skip
def test_a_record_without_a_required_field_is_refused_by_name(topic: str, payload: bytes, name: str) -> None:
    assert a_rejection(topic, remove_fields(payload, name)).reason == f"{name} is missing"
    assert a_rejection(topic, change_fields(payload, **{name: None})).reason == f"{name} is missing"
    unusables: tuple[object, ...] = ([], {}, True)
    for unusable in unusables:
        assert a_rejection(topic, change_fields(payload, **{name: unusable})).reason.startswith(f"{name}: ")
    if name != "pump":
        assert a_rejection(topic, change_fields(payload, **{name: " "})).reason == f"{name} is empty"


@pytest.mark.parametrize(("topic", "payload"), [(DOSES, DOSE), (EVENTS, EVENT), (LEVELS, LEVEL)])
def test_everything_else_may_be_missing(topic: str, payload: bytes) -> None:
    required = {"device_id", "pump", "chemical", "event"}
    optional = {"target_g", "actual_g", "error_g", "recipe", "mode", "duration_ms", "timestamp", "pumps",
                "remaining_g", "capacity_g", "percent_full"}  # fmt: skip
    (unit,) = parse_payload(topic, remove_fields(payload, *(optional - required)))
    assert not isinstance(unit, Rejection)
    assert all(flag.endswith(": missing") for flag in unit.flags)


def test_unknown_fields_are_ignored() -> None:
    assert a_dose(change_fields(DOSE, batch_id="x", deep={"a": [1, {"b": None}]}, firmware=1.5)).flags == ()


TEXTS: list[tuple[str, str, tuple[str, ...]]] = [
    ('" T-12 "', "T-12", ()),
    ('"t-12"', "t-12", ()),
    ('"Größe"', "Größe", ()),
    ('"T\\u000012"', "T�12", ("chemical: cleaned",)),
    ('"T\\ud80012"', "T�12", ("chemical: cleaned",)),
    ('"T\\u001b[31m"', "T�[31m", ("chemical: cleaned",)),
    ('"T\\u202e12"', "T�12", ("chemical: cleaned",)),
    ('"T\x0012"', "T�12", ("chemical: cleaned",)),
    ('"' + "W" * 65 + '"', "W" * 63 + "…", ("chemical: shortened",)),
    ("12", "12", ("chemical: number",)),
    ("1.5", "1.5", ("chemical: number",)),
]


@pytest.mark.parametrize(("raw", "chemical", "flags"), TEXTS)
def test_a_chemical_is_trimmed_and_cleaned(raw: str, chemical: str, flags: tuple[str, ...]) -> None:
    found = a_dose(with_raw(DOSE, "chemical", raw))
    assert (found.chemical, found.flags) == (chemical, flags)


def test_invalid_utf8_in_a_text_is_cleaned() -> None:
    found = a_dose(DOSE.replace(b"T-12", b"\xf6l\xff"))
    assert (found.chemical, found.flags) == ("�l�", ("chemical: cleaned",))


@pytest.mark.parametrize(
    ("fields", "recipe", "mode"),
    [
        ({"recipe": " CU-65/75 ", "mode": " catalyst"}, "CU-65/75", "CATALYST"),
        ({"recipe": "cu-85", "mode": "Bdo"}, "cu-85", "BDO"),
        ({"recipe": "", "mode": ""}, "", ""),
        ({"recipe": None, "mode": None}, "", ""),
        ({"recipe": 85, "mode": "größe"}, "85", "GRÖSSE"),
        ({"recipe": "W" * 65, "mode": "ß" * 40}, "W" * 63 + "…", "S" * 63 + "…"),
    ],
)
def test_recipe_and_mode_are_trimmed_and_the_mode_is_upper_case(
    fields: dict[str, Any], recipe: str, mode: str
) -> None:
    found = a_dose(change_fields(DOSE, **fields))
    assert (found.recipe, found.mode) == (recipe, mode)


@pytest.mark.parametrize(
    ("word", "event", "flags"),
    [
        ("start", "start", ()),
        (" Start ", "start", ()),
        ("COMPLETE", "complete", ()),
        ("Completed", "complete", ("event: Completed",)),
        ("started", "start", ("event: started",)),
        ("begin", "start", ("event: begin",)),
        ("batch_start", "start", ("event: batch_start",)),
        ("fill_start", "start", ("event: fill_start",)),
        ("Batch Complete", "complete", ("event: Batch Complete",)),
        ("done", "complete", ("event: done",)),
        ("finished", "complete", ("event: finished",)),
        ("aborted", "abort", ("event: aborted",)),
        ("cancelled", "abort", ("event: cancelled",)),
        ("canceled", "abort", ("event: canceled",)),
        ("stopped", "abort", ("event: stopped",)),
        ("failed", "error", ("event: failed",)),
        ("timeout", "error", ("event: timeout",)),
        ("timed-out", "error", ("event: timed-out",)),
        ("pause", "pause", ()),
        ("Resumed", "resume", ("event: Resumed",)),
        ("prime", "prime", ()),
        ("Calibrate", "calibrate", ("event: unknown",)),
        ("\x1b[2J", "�[2j", ("event: cleaned", "event: unknown")),
    ],
)
def test_an_event_gets_its_common_name(word: str, event: str, flags: tuple[str, ...]) -> None:
    found = an_event(change_fields(EVENT, event=word))
    assert (found.event, found.flags) == (event, flags)


@pytest.mark.parametrize(
    ("pumps", "value", "flags"),
    [
        (4, 4, ()),
        (2.0, 2, ()),
        (0, 0, ("pumps: range",)),
        (None, None, ("pumps: missing",)),
        ("2", 2, ("pumps: text",)),
    ],
)
def test_the_number_of_pumps_is_whole(pumps: object, value: int | None, flags: tuple[str, ...]) -> None:
    found = an_event(change_fields(EVENT, pumps=pumps))
    assert (found.pumps, found.flags) == (value, flags)


@pytest.mark.parametrize("pumps", [2.5, 2**31, "many", True, [2]])
def test_a_bad_number_of_pumps_is_left_out_and_flagged(pumps: object) -> None:
    found = an_event(change_fields(EVENT, pumps=pumps))
    assert found.pumps is None
    assert found.flags[0].startswith("pumps: ")


def test_a_capacity_of_0_is_replaced_by_the_one_last_sent() -> None:
    reader = make_parser()
    reader.parse_message(LEVELS, LEVEL, received_at=RECEIVED)
    emptied = change_fields(LEVEL, remaining_g=7_500.0, capacity_g=0, percent_full=0)
    (found,) = reader.parse_message(LEVELS, emptied, received_at=RECEIVED)
    assert isinstance(found, InventoryLevel)
    assert (found.capacity_g, found.percent_full) == (15_000.0, 50.0)


SPELLINGS = ["T-12", "t-12", "T\u201112", "T\u201312", "T\u221212", " T-12 ", "T - 12"]


@pytest.mark.parametrize("later", SPELLINGS)
@pytest.mark.parametrize("first", SPELLINGS)
def test_spellings_of_a_chemical_are_one_chemical(first: str, later: str) -> None:
    reader = make_parser()
    (dose,) = reader.parse_message(DOSES, change_fields(DOSE, chemical=first), received_at=RECEIVED)
    (level,) = reader.parse_message(LEVELS, change_fields(LEVEL, chemical=later), received_at=RECEIVED)
    assert isinstance(dose, Dose)
    assert isinstance(level, InventoryLevel)
    assert dose.chemical == level.chemical


def test_a_chemical_keeps_the_spelling_that_is_stored() -> None:
    reader = make_parser()
    reader.load_history([a_level(change_fields(LEVEL, chemical=name)) for name in ("t-12", "T-12")])
    (dose,) = reader.parse_message(DOSES, change_fields(DOSE, chemical="t-12"), received_at=RECEIVED)
    assert isinstance(dose, Dose)
    assert dose.chemical == "T-12"


@pytest.mark.parametrize("name", ["device", "deviceId"])
def test_the_device_has_other_names(name: str) -> None:
    assert a_dose(change_fields(remove_fields(DOSE, "device_id"), **{name: "north"})).device_id == "north"
    assert a_dose(change_fields(DOSE, **{name: "north"})).device_id == "dosing_system_01"


@pytest.mark.parametrize("name", ["ts", "time"])
def test_the_time_has_other_names(name: str) -> None:
    assert (
        a_dose(change_fields(remove_fields(DOSE, "timestamp"), **{name: 1_698_765_431})).time_quality
        is TimeQuality.DEVICE
    )


def test_a_reason_never_carries_what_could_harm() -> None:
    rejection = a_rejection(DOSES, change_fields(DOSE, pump="\x1b]52;c;eA==\x07\u202e" + "x" * 500))
    assert rejection.reason == "pump: '�]52;c;eA==��xxxxxxxxxxxxxxxxxxxxxxxxxx…' is not a number"
