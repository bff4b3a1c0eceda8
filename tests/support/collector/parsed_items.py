"""Units for tests: plausible ones by name, and any by hypothesis."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Rejection, TimeQuality

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def numbered_dose(number: int = 0, *, at: datetime = NOON) -> Dose:
    return Dose(
        time=at + timedelta(seconds=number),
        device_id="dosing_system_01",
        pump=2,
        chemical="T-12",
        target_g=40.0,
        actual_g=40.15,
        error_g=0.15,
        recipe="CU-85",
        mode="CATALYST",
        duration_ms=58_432,
        dedup=number,
        received_at=at,
        time_quality=TimeQuality.DEVICE,
    )


_times = st.integers(-(10**15), 10**15).map(lambda us: NOON + timedelta(microseconds=us))
_numbers = st.none() | st.floats(allow_nan=False)
_whole = st.integers(-(2**63), 2**63 - 1)
_texts = st.text(max_size=20)
_origins = {
    "dedup": _whole,
    "received_at": _times,
    "time_quality": st.sampled_from(TimeQuality),
    "flags": st.lists(_texts, max_size=3).map(tuple),
}
doses = st.builds(
    Dose, time=_times, device_id=_texts, pump=_whole, chemical=_texts, target_g=_numbers, actual_g=_numbers,
    error_g=_numbers, recipe=_texts, mode=_texts, duration_ms=st.none() | _whole, **_origins,
)  # fmt: skip
events = st.builds(
    BatchEvent,
    time=_times,
    device_id=_texts,
    event=_texts,
    recipe=_texts,
    pumps=st.none() | _whole,
    **_origins,
)
levels = st.builds(
    InventoryLevel, time=_times, device_id=_texts, chemical=_texts, remaining_g=_numbers, capacity_g=_numbers,
    percent_full=_numbers, **_origins,
)  # fmt: skip
rejections = st.builds(
    Rejection, topic=_texts, record=st.binary(max_size=50), reason=_texts, received_at=_times
)
units = st.one_of(doses, events, levels, rejections)
