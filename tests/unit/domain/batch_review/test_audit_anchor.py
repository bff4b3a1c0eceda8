"""Anchors are found again wherever they were kept, and show what became of the trail."""

from datetime import UTC, datetime
from textwrap import fill

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.batch_review.audit_anchor import (
    AuditAnchor,
    describe_anchor_fault,
    find_audit_anchors,
    format_audit_anchor,
    sign_audit_anchor,
)

KEY = "a key of the plant's own"
ANCHOR = sign_audit_anchor(
    AuditAnchor("plant1", 12, "ab" * 32, datetime(2026, 11, 24, 5, 0, 0, 123, tzinfo=UTC)), KEY
)
UNSIGNED = replace(ANCHOR, signature="")


@pytest.mark.parametrize("anchor", [ANCHOR, UNSIGNED])
@given(width=st.integers(70, 200), margin=st.sampled_from(["", "  ", "\t"]))
def test_an_anchor_is_found_in_wrapped_text(anchor: AuditAnchor, width: int, margin: str) -> None:
    wrapped = fill(format_audit_anchor(anchor), width, break_on_hyphens=False, subsequent_indent=margin)
    assert list(find_audit_anchors(f"Dear all,\n{wrapped}\n-- \nPlant 1")) == [anchor]


@pytest.mark.parametrize("text", ["", "dosing-tui audit anchor: site plant1, entry 12", "\0" * 100])
def test_what_is_no_anchor_is_none(text: str) -> None:
    assert list(find_audit_anchors(text)) == []


def describe(anchor: AuditAnchor, hashes: dict[int, str], key: str = KEY) -> str:
    return describe_anchor_fault(anchor, hashes, site="plant1", key=key)


@pytest.mark.parametrize(
    ("anchor", "hashes", "fault"),
    [
        (ANCHOR, {12: "ab" * 32, 13: "cd" * 32}, ""),
        (ANCHOR, {11: "ab" * 32}, "The end of the audit trail was cut off: entry 12, anchored"),
        (
            ANCHOR,
            {12: "cd" * 32},
            "The audit trail was rewritten: entry 12, anchored 2026-11-24 05:00:00 UTC,",
        ),
        (UNSIGNED, {12: "ab" * 32}, "is not signed."),
        (replace(ANCHOR, entry=13), {13: "ab" * 32}, "is not signed with this key."),
        (replace(ANCHOR, hash="cd" * 32), {12: "cd" * 32}, "is not signed with this key."),
        (sign_audit_anchor(ANCHOR, "another key of 16"), {12: "ab" * 32}, "is not signed with this key."),
        (replace(ANCHOR, site="plant2"), {12: "ab" * 32}, "is of another site: plant2."),
    ],
)
def test_each_difference_is_said(anchor: AuditAnchor, hashes: dict[int, str], fault: str) -> None:
    found = describe(anchor, hashes)
    assert found == "" if not fault else fault in found


def test_without_a_key_the_hash_alone_is_compared() -> None:
    assert describe(UNSIGNED, {12: "ab" * 32}, key="") == describe(ANCHOR, {12: "ab" * 32}, key="") == ""
    assert "rewritten" in describe(UNSIGNED, {12: "cd" * 32}, key="")
