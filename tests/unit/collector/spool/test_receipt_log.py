"""The compact log answers like a list of all receipts, of which only the last ones are kept."""

import resource
import sys
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.collector.spool.receipt_log import IDENTITY_BYTES, Receipt, ReceiptLog, to_microseconds
from tests.support.collector.parsed_items import NOON

if TYPE_CHECKING:
    from _typeshed import TraceFunction

LIMIT = 5


def make_identity(word: int) -> bytes:
    """Of which two share a bucket at times: only the first four bytes choose it."""
    return (word % 3).to_bytes(4) + word.to_bytes(IDENTITY_BYTES - 4)


def add_receipt(log: ReceiptLog, identity: bytes, receipt: Receipt) -> None:
    log.add_receipt(identity, receipt.number, receipt.connection, to_microseconds(receipt.received_at))


@given(st.lists(st.one_of(st.integers(0, 9), st.just("drop"))))
def test_it_finds_the_newest_of_each_content_among_the_last(steps: list[int | str]) -> None:
    log, model = ReceiptLog(LIMIT), list[tuple[int, Receipt]]()
    for number, step in enumerate(steps):
        if isinstance(step, int):
            receipt = Receipt(number, number % 4, NOON + timedelta(microseconds=number))
            add_receipt(log, make_identity(step), receipt)
            model = [*model, (step, receipt)][-LIMIT:]
        else:
            log.drop_oldest()
            model = model[1:]
        assert (len(log), log.oldest) == (len(model), model[0][1] if model else None)
        newest = dict(model)
        assert [log.find_newest(make_identity(word)) for word in range(10)] == [
            newest.get(word) for word in range(10)
        ]


@given(st.integers(1, 2**62), st.integers(0, 2**62), st.integers(0, 10**15))
def test_what_is_kept_of_a_receipt_is_exact(number: int, connection: int, age_us: int) -> None:
    log, receipt = ReceiptLog(1), Receipt(number, connection, NOON + timedelta(microseconds=age_us))
    add_receipt(log, b"short", receipt)
    assert log.find_newest(b"short") == receipt


def test_room_for_receipts_takes_memory_only_once_they_come() -> None:
    page_bytes, before = resource.getpagesize(), count_resident_pages()
    log = ReceiptLog(2_000_000)
    assert (count_resident_pages() - before) * page_bytes < 60 * 2_000_000 / 4
    assert log.oldest is None


def count_resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])


def test_of_many_equal_messages_each_costs_the_same() -> None:
    """Each one dropped walked past all its equals: 100,000 of them took seconds a message."""
    log, lines = ReceiptLog(1_000), 0

    def count_lines(_frame: FrameType, event: str, _argument: object) -> "TraceFunction":
        nonlocal lines
        lines += event == "line"
        return count_lines

    tracer = sys.gettrace()
    sys.settrace(count_lines)
    try:
        for number in range(3_000):
            add_receipt(log, make_identity(1), Receipt(number, 1, NOON))
    finally:
        sys.settrace(tracer)
    assert lines < 100 * 3_000
