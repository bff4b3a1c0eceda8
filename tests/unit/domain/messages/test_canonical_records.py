"""The shortcut for the firmware's own records gives what the tolerant way gives, and the same state after."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.messages import message_parser
from dosing_tui.domain.messages.canonical_records import read_canonical
from dosing_tui.domain.messages.models import ParsedItem
from tests.support.domain.payload_samples import PAYLOADS, RECEIVED, STAMP, TOPICS, make_parser
from tests.unit.domain.messages.test_message_properties import PAYLOAD

DECIMALS = st.sampled_from(
    [
        *("40.00", "40.15", "0.15", "0", "-0.00", "-0", "-0.3", "2500.00", "2500.01", "12345.67", "15000.00"),
        *("82.3", "100.0", "100.1", "999999999999.9", "9999999999999", "0.0000000001", "1e3", "01", "nan"),
        *("null", '"40.00"'),
    ]
) | st.floats(-1, 3000).map("{:.2f}".format)
NAMES = st.sampled_from(
    [
        "dosing_system_01",
        "T-12",
        "t-12",
        "T  12",
        " T-12",
        "T-12 ",
        "",
        "T\\u201112",
        "Füller",
        "x" * 64,
        "x" * 65,
    ]
)
WHOLE = st.sampled_from(
    ["0", "1", "2", "4", "5", "-1", "2.0", "58432", "300000", "300001", "4294967295", "01"]
)
EVENTS = st.sampled_from(["start", "complete", "Complete", "completed", "abort", "batch_start", "oops"])
MODES = st.sampled_from(["CATALYST", "Catalyst", "A-1", "4", "", "MODE ", "X" * 64, "X" * 65])
STAMPS = st.integers(STAMP - 40, STAMP + 40) | st.sampled_from(
    [0, 5_000, STAMP - 90 * 86_400, STAMP * 1000, 9_999_999_999]
)


@st.composite
def tails(draw: st.DrawFn) -> str:
    sequence = draw(st.none() | st.integers(0, 9) | st.sampled_from([2**31, 2**63 - 1, 2**63, 10**18 - 1]))
    stamp = draw(st.none() | STAMPS)
    seq = "" if sequence is None else f',"seq":{sequence}'
    return (
        seq + ("" if stamp is None else f',"timestamp":{stamp}') + "}" + draw(st.sampled_from(["", "", "\n"]))
    )


def fill(template: str, *values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Mostly the firmware's own values, with others among them."""
    return st.tuples(*values, tails()).map(
        lambda drawn: template.format(*drawn[:-1]).encode() + drawn[-1].encode()
    )


DOSE = fill(
    '{{"device_id":"{}","pump":{},"chemical":"{}","target_g":{},"actual_g":{},"error_g":{},"recipe":"{}",'
    '"mode":"{}","duration_ms":{}',
    NAMES, WHOLE, NAMES, DECIMALS, DECIMALS, DECIMALS, NAMES, MODES, WHOLE,
)  # fmt: skip
CONSISTENT_DOSE = st.builds(
    lambda name, target, error, tail: (
        f'{{"device_id":"d","pump":1,"chemical":"{name}","target_g":{target:.2f},'
        f'"actual_g":{target + error:.2f},"error_g":{error:.2f},"recipe":"CU-85","mode":"CATALYST",'
        f'"duration_ms":9000{tail}'
    ).encode(),
    NAMES, st.floats(0, 2600), st.floats(-2, 2), tails(),
)  # fmt: skip
EVENT = fill('{{"device_id":"{}","event":"{}","recipe":"{}","pumps":{}', NAMES, EVENTS, NAMES, WHOLE)
LEVEL = fill(
    '{{"device_id":"{}","chemical":"{}","remaining_g":{},"capacity_g":{},"percent_full":{}',
    NAMES, NAMES, DECIMALS, DECIMALS, DECIMALS,
)  # fmt: skip
CONSISTENT_LEVEL = st.builds(
    lambda name, remaining, off, tail: (
        f'{{"device_id":"d","chemical":"{name}","remaining_g":{remaining:.2f},"capacity_g":15000.00,'
        f'"percent_full":{remaining / 150 + off:.1f}{tail}'
    ).encode(),
    NAMES, st.floats(-10, 16_000), st.sampled_from([0, 0, 0.2]), tails(),
)  # fmt: skip
MESSAGES = st.tuples(
    st.sampled_from(sorted(TOPICS)),
    DOSE
    | CONSISTENT_DOSE
    | EVENT
    | LEVEL
    | CONSISTENT_LEVEL
    | PAYLOAD
    | st.sampled_from(list(PAYLOADS.values())),
    st.integers(-5, 90),
)


def parse_all(messages: list[tuple[str, bytes, int]]) -> list[tuple[ParsedItem, ...]]:
    parser, received_at, units = make_parser(), RECEIVED, []
    for topic, payload, seconds in messages:
        received_at += timedelta(seconds=seconds)
        units.append(parser.parse_message(topic, payload, received_at=received_at))
    return units


@given(st.lists(MESSAGES, min_size=1, max_size=6))
def test_the_shortcut_gives_what_the_tolerant_way_gives(messages: list[tuple[str, bytes, int]]) -> None:
    quick = parse_all(messages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(message_parser, "read_canonical", lambda _kind, _payload: None)
        assert repr(quick) == repr(
            parse_all(messages)
        )  # repr: the number of earlier versions is not compared


@pytest.mark.parametrize(("topic", "payload"), PAYLOADS.items())
def test_what_the_firmware_prints_takes_the_shortcut(topic: str, payload: bytes) -> None:
    assert read_canonical(TOPICS[topic], payload)
