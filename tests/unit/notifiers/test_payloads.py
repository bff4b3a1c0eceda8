"""No name of the plant becomes markup, a mention, a link or a control in any receiver's form."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.config.notification_channel import NotificationKind
from dosing_tui.domain.alarms.models import SYSTEM_ACTOR, Actor, AlarmEvent, Priority
from dosing_tui.domain.notifications.policy import Trigger
from dosing_tui.notifiers.message_text import MAX_LISTED_ALARMS, format_lines, format_subject
from dosing_tui.notifiers.payloads import encode_payload
from tests.support.notifiers.message_samples import NASTY, make_message, make_summary

ZONE = ZoneInfo("Europe/Berlin")
JSON_KINDS = [kind for kind in NotificationKind if kind is not NotificationKind.MAIL]
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def encode_message(kind: NotificationKind, name: str) -> Any:  # Any: JSON
    return json.loads(encode_payload(kind, make_message(make_summary(name)), ZONE))


def list_texts(value: Any) -> list[str]:  # Any: JSON
    match value:
        case str():
            return [value]
        case dict():
            return [text for part in value.values() for text in list_texts(part)]
        case list():
            return [text for part in value for text in list_texts(part)]
        case _:
            return []


@given(st.one_of(st.sampled_from(NASTY), st.text()))
def test_every_form_is_ascii_json_without_controls(name: str) -> None:
    for kind in JSON_KINDS:
        assert encode_payload(kind, make_message(make_summary(name)), ZONE).isascii()
        assert not any(CONTROL.search(text) for text in list_texts(encode_message(kind, name)))


@given(st.one_of(st.sampled_from(NASTY), st.text()))
def test_slack_finds_no_mention_no_link_and_no_entity_of_its_own(name: str) -> None:
    text = encode_message(NotificationKind.SLACK, name)["text"]
    assert not re.search(r"[<>@]|\]\(|://|&(?!amp;|lt;|gt;)", text)


@given(st.one_of(st.sampled_from(NASTY), st.text()))
def test_teams_finds_text_runs_only(name: str) -> None:
    card = encode_message(NotificationKind.TEAMS, name)["attachments"][0]["content"]
    for block in card["body"]:
        assert block["type"] == "RichTextBlock"
        assert [run["type"] for run in block["inlines"]] == ["TextRun"]
        assert "{{" not in block["inlines"][0]["text"]


def test_the_generic_form_says_everything_a_program_may_ask() -> None:
    found = encode_message(NotificationKind.WEBHOOK, "T-12")
    assert (found["id"], found["follows"]) == (str(make_message().id), str(make_message().in_reply_to))
    assert (found["occasion"], found["site"], found["total"], found["counts"]) == (
        "raise", "plant1", 1, {"high": 1},
    )  # fmt: skip
    (alarm,) = found["alarms"]
    assert alarm["tag"] == "STOCK_CRITICAL/dosing_system_01/T-12"
    assert (alarm["priority"], alarm["value"], alarm["limit"]) == ("high", 4.1, 5.0)
    assert alarm["at"] == "2026-11-23T12:00:00+00:00"
    assert alarm["action"].startswith("Start no batch")


ALARM = "dosing_system_01 · STOCK_CRITICAL/T-12 · "


def test_people_read_what_to_do_in_the_plants_time() -> None:
    assert format_subject(make_message(), ZONE) == f"[HIGH] {ALARM}Tank nearly empty: T-12 (Plant 1)"
    text = "\n".join(format_lines(make_message(), ZONE))
    assert "Raised: 2026-11-23 13:00:00 CET" in text
    assert "Action: Start no batch that needs it; refill the tank now." in text


@pytest.mark.parametrize(
    ("occasion", "begins"),
    [
        (Trigger.RETURN, f"[HIGH] {ALARM}Returned: Tank"),
        (Trigger.UNACKNOWLEDGED, f"[HIGH] {ALARM}Still unacknowledged: Tank"),
        (Trigger.TEST, f"[HIGH] {ALARM}Test: Tank"),
    ],
)
def test_the_subject_says_the_occasion(occasion: Trigger, begins: str) -> None:
    assert format_subject(make_message(trigger=occasion), ZONE).startswith(begins)


NOT_NOW = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({"event": AlarmEvent.SHELVE, "until": NOT_NOW}, f"[HIGH] {ALARM}Shelved by Anna until 14:30: Tank"),
        ({"event": AlarmEvent.REMOVE_FROM_SERVICE}, f"[HIGH] {ALARM}Out of service by Anna: Tank"),
        (
            {"event": AlarmEvent.SUPPRESS, "who": SYSTEM_ACTOR, "comment": "the station is offline"},
            f"[HIGH] {ALARM}Suppressed by design (the station is offline): Tank",
        ),
    ],
)
def test_of_what_is_hidden_people_read_how_by_whom_why_and_until_when(
    changes: dict[str, object], begins: str
) -> None:
    hidden = make_summary(who=Actor("Anna", "anna"), comment="pump is being repaired")
    hidden = replace(hidden, **changes)  # type: ignore[arg-type]  # the message's fields
    one = make_message(hidden, trigger=Trigger.SUPPRESSION)
    assert format_subject(one, ZONE).startswith(begins)
    text = "\n".join(format_lines(one, ZONE))
    assert f"Reason: {hidden.comment}" in text
    assert ("By: Anna" in text) == (hidden.who.name == "Anna")
    assert ("Until: 2026-11-23 14:30:00 CET" in text) == (hidden.until is not None)
    (alarm,) = json.loads(encode_payload(NotificationKind.WEBHOOK, one, ZONE))["alarms"]
    assert (alarm["by"], alarm["reason"]) == (hidden.who.name, hidden.comment)
    assert alarm["until"] == (hidden.until and "2026-11-23T13:30:00+00:00")


def test_a_summary_names_the_most_urgent_and_counts_the_rest() -> None:
    alarms = [make_summary(f"C-{number}", event=AlarmEvent.RETURN) for number in range(50)]
    counts = {Priority.HIGH: 50, Priority.LOW: 450}
    summary = make_message(*alarms, trigger=Trigger.SUMMARY, counts=counts)
    assert format_subject(summary, ZONE) == "[HIGH] 500 alarm messages: 50 high, 450 low (Plant 1)"
    said = format_lines(summary, ZONE)
    assert len(said) == MAX_LISTED_ALARMS + 1
    first = f"{ALARM.replace('T-12', 'C-0')}returned: Tank nearly empty: C-0"
    assert said[0] == f"13:00:00 [HIGH] {first}"
    assert said[-1] == "… and 480 more; see the console."
