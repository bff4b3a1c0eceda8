"""The audit chain: every entry's hash covers all of its fields and the hash before it."""

import hashlib
from datetime import UTC, datetime

import pytest

from dosing_tui.database.audit.audit_trail import compute_hash

AT = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
ENTRY = ("0" * 64, AT, "review", "key-1", "Anna", '{"seq":1}')


def test_the_hash_of_an_entry_is_the_sha_256_of_its_canonical_fields() -> None:
    text = '["' + "0" * 64 + '","2026-11-24T06:00:00.000000+00:00","review","key-1","Anna","{\\"seq\\":1}"]'
    assert compute_hash(*ENTRY) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(("1" * 64, *ENTRY[1:]), id="previous hash"),
        pytest.param((ENTRY[0], AT.replace(microsecond=1), *ENTRY[2:]), id="time"),
        pytest.param((*ENTRY[:2], "policy", *ENTRY[3:]), id="action"),
        pytest.param((*ENTRY[:3], "key-2", *ENTRY[4:]), id="subject"),
        pytest.param((*ENTRY[:4], "Bert", ENTRY[5]), id="user"),
        pytest.param((*ENTRY[:5], '{"seq":2}'), id="content"),
    ],
)
def test_a_changed_field_changes_the_hash(changed: tuple[str, datetime, str, str, str, str]) -> None:
    assert compute_hash(*changed) != compute_hash(*ENTRY)


def test_the_same_entry_after_another_one_has_another_hash() -> None:
    first = compute_hash(*ENTRY)
    second = compute_hash(first, *ENTRY[1:])
    assert second != first
    assert compute_hash(second, *ENTRY[1:]) != second
