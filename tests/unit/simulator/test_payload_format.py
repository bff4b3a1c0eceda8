"""The bytes are those of the firmware's printf."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.simulator.payload_format import DoseLine, EventLine, FirmwareLine, LevelLine, format_payload
from tests.support.simulator.simulated_plants import DOSES, EVENTS, LEVELS, decode_fields, take_live

KEYS = {
    DOSES: (
        *("device_id", "pump", "chemical", "target_g", "actual_g", "error_g"),
        *("recipe", "mode", "duration_ms", "timestamp"),
    ),
    EVENTS: ("device_id", "event", "recipe", "pumps", "timestamp"),
    LEVELS: ("device_id", "chemical", "remaining_g", "capacity_g", "percent_full"),
}
DIGITS = {"target_g": 2, "actual_g": 2, "error_g": 2, "remaining_g": 2, "capacity_g": 2, "percent_full": 1}


def print_like_c(topic: str, said: dict[str, object]) -> bytes:
    """What C prints for these fields, put together here once more by other means."""

    def value(key: str) -> str:
        given = said[key]
        if key in DIGITS:
            return f"{given:.{DIGITS[key]}f}"
        return f'"{given}"' if isinstance(given, str) else f"{given:d}"

    return ("{" + ",".join(f'"{key}":{value(key)}' for key in KEYS[topic]) + "}").encode()


def test_the_examples_of_the_plants_documents_come_out_byte_for_byte() -> None:
    dose = DoseLine(
        "dosing_system_01", 2, "T-12", 40.0, 40.15, 40.15 - 40, "CU-85", "CATALYST", 58432, 1698765432
    )
    assert format_payload(dose) == (
        b'{"device_id":"dosing_system_01","pump":2,"chemical":"T-12","target_g":40.00,"actual_g":40.15,'
        b'"error_g":0.15,"recipe":"CU-85","mode":"CATALYST","duration_ms":58432,"timestamp":1698765432}'
    )
    assert format_payload(EventLine("d", "start", "CU-65/75", 2, 7)) == (
        b'{"device_id":"d","event":"start","recipe":"CU-65/75","pumps":2,"timestamp":7}'
    )
    assert format_payload(LevelLine("d", "T-9", 9500.5, 10000, 95.005)) == (
        b'{"device_id":"d","chemical":"T-9","remaining_g":9500.50,"capacity_g":10000.00,"percent_full":95.0}'
    )


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_numbers_that_are_none_are_printed_bare(number: float) -> None:
    assert f'"actual_g":{number},'.encode() in format_payload(
        DoseLine("d", 1, "DMDEE", 1, number, number, "r", "m", 1, 1)
    )


@given(
    st.builds(
        LevelLine,
        st.just("d"),
        st.just("T-9"),
        st.floats(-1e4, 2e4),
        st.just(10_000.0),
        st.floats(-100, 200),
    )
)
def test_any_mass_has_two_digits_and_any_share_one(level: FirmwareLine) -> None:
    assert format_payload(level) == print_like_c(LEVELS, level._asdict())


@given(seed=st.integers(), devices=st.integers(1, 4))
def test_every_message_has_the_firmwares_fields_in_its_order_and_formats(seed: int, devices: int) -> None:
    for message in take_live(60, seed=seed, devices=devices):
        said = decode_fields(message)
        assert tuple(said) == KEYS[message.topic]
        assert message.payload == print_like_c(message.topic, said)
        assert len(message.payload) < 256, "the firmware's network buffer"
