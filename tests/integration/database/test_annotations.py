"""Batches from start to end, and notes, as a chart over time marks them."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.database import operator_notes
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import BatchEvent
from dosing_tui.domain.panels.annotations import Annotation, AnnotationKind
from dosing_tui.domain.panels.operator_notes import NoteDraft
from tests.support.database.reading_samples import EVENT, NOW, number_rows, settings_for
from tests.support.database_servers import Server

HOUR = timedelta(hours=1)
KINDS = {
    BatchStatus.COMPLETE: AnnotationKind.BATCH,
    BatchStatus.ABORTED: AnnotationKind.ABORTED,
    BatchStatus.INCOMPLETE: AnnotationKind.INCOMPLETE,
}


@pytest.fixture
def reader(migrated: str) -> Iterator[PanelReader]:
    reader = PanelReader(settings_for(migrated))
    reader.open()
    yield reader
    reader.close()


def make_event(minutes: float, name: str, recipe: str = "CU-85", device: str = "station-1") -> BatchEvent:
    at = NOW + timedelta(minutes=minutes)
    return replace(EVENT, time=at, event=name, recipe=recipe, device_id=device, received_at=at, dedup=0)


def store_events(dsn: str, *events: BatchEvent, rebuilt_at: float = 120) -> None:
    """``rebuilt_at``: minutes after NOW."""
    writer = ReadingWriter(settings_for(dsn))
    writer.write(uuid4(), number_rows(*events))
    writer.close()
    rebuild_changed_days(settings_for(dsn), now=NOW + timedelta(minutes=rebuilt_at))


def read_hour(
    reader: PanelReader, *, device: Sequence[str] = (), recipe: Sequence[str] = ()
) -> list[Annotation]:
    """Of [NOW, NOW + 1 h)."""
    return list(reader.read_annotations(since=NOW, until=NOW + HOUR, device=device, recipe=recipe).items)


def to_minutes(found: Sequence[Annotation]) -> list[tuple[float, float | None, AnnotationKind]]:
    def since_now(moment: datetime) -> float:
        return (moment - NOW) / timedelta(minutes=1)

    return [(since_now(a.at), None if a.until is None else since_now(a.until), a.kind) for a in found]


def test_a_batch_is_a_region_from_its_start_to_its_end(
    flavour: Server, reader: PanelReader, migrated: str
) -> None:
    store_events(
        migrated,
        make_event(1, "start"),
        make_event(3, "complete"),
        make_event(10, "start"),
        make_event(11, "abort"),
    )
    assert to_minutes(read_hour(reader)) == [(1, 3, AnnotationKind.BATCH), (10, 11, AnnotationKind.ABORTED)]
    assert [a.text for a in read_hour(reader)] == ["CU-85 complete", "CU-85 aborted"]
    assert {a.device for a in read_hour(reader)} == {"station-1"}


def test_a_batch_that_crosses_an_edge_of_the_window_is_whole(reader: PanelReader, migrated: str) -> None:
    store_events(
        migrated,
        make_event(-2, "start"),
        make_event(1, "complete"),
        make_event(59, "start"),
        make_event(62, "complete"),
    )
    assert to_minutes(read_hour(reader)) == [(-2, 1, AnnotationKind.BATCH), (59, 62, AnnotationKind.BATCH)]


def test_a_batch_that_ended_before_the_window_or_starts_at_its_end_is_not_in_it(
    reader: PanelReader, migrated: str
) -> None:
    store_events(
        migrated,
        make_event(-3, "start"),
        make_event(-1, "complete"),
        make_event(60, "start"),
        make_event(61, "complete"),
    )
    assert read_hour(reader) == []


def test_a_batch_has_the_status_of_the_batch_list(reader: PanelReader, migrated: str) -> None:
    store_events(
        migrated,
        make_event(1, "start"),
        make_event(2, "start", device="station-2"),
        make_event(5, "complete", device="station-3"),
        make_event(9, "start", "FG-85/95"),
        rebuilt_at=10,
    )
    assert to_minutes(read_hour(reader)) == [
        (1, 1, AnnotationKind.ABORTED),
        (2, None, AnnotationKind.RUNNING),
        (5, 5, AnnotationKind.UNMATCHED),
        (9, None, AnnotationKind.RUNNING),
    ]
    assert [a.text for a in read_hour(reader)] == [
        "CU-85 aborted", "CU-85 running", "CU-85 complete-only", "FG-85/95 running",
    ]  # fmt: skip
    assert to_minutes(read_hour(reader, recipe=["CU-85"], device=["station-1"])) == [
        (1, 1, AnnotationKind.ABORTED)
    ]


def test_pause_and_resume_do_not_end_a_batch(reader: PanelReader, migrated: str) -> None:
    store_events(
        migrated,
        make_event(1, "start"),
        make_event(2, "pause"),
        make_event(4, "resume"),
        make_event(5, "complete"),
    )
    assert to_minutes(read_hour(reader)) == [(1, 5, AnnotationKind.BATCH)]


def test_notes_are_marked_with_their_author(reader: PanelReader, migrated: str) -> None:
    for device, text in ((None, "whole plant"), ("station-1", "one"), ("station-2", "two")):
        operator_notes.add_note(settings_for(migrated), NoteDraft(NOW, text, "M. Berg", device), os_user="")
    assert [a.text for a in read_hour(reader)] == ["whole plant", "one", "two"]
    assert [a.text for a in read_hour(reader, device=["station-2"], recipe=["CU-85"])] == [
        "whole plant",
        "two",
    ]
    assert {(a.kind, a.author) for a in read_hour(reader)} == {(AnnotationKind.NOTE, "M. Berg")}


def test_the_newest_are_shown_where_there_are_too_many_and_it_is_said(
    reader: PanelReader, migrated: str
) -> None:
    store_events(migrated, *(make_event(n / 60, "start" if n % 2 == 0 else "complete") for n in range(1400)))
    found = reader.read_annotations(since=NOW, until=NOW + HOUR)
    assert len(found.items) == 500
    assert to_minutes(found.items[-1:]) == [(1398 / 60, 1399 / 60, AnnotationKind.BATCH)]
    assert to_minutes(found.items[:1]) == [(400 / 60, 401 / 60, AnnotationKind.BATCH)]
    assert found.truncation_text == "Only the newest 500 of the batches and notes are marked."
    few = reader.read_annotations(since=NOW, until=NOW + timedelta(minutes=5))
    assert (len(few.items), few.truncation_text) == (150, "")


@pytest.mark.parametrize("seed", range(2))
def test_regions_are_those_of_the_reconstructed_batches(
    flavour: Server, reader: PanelReader, migrated: str, seed: int
) -> None:
    dice = random.Random(seed)
    told = {
        (made.device_id, made.time, made.event, made.recipe): made
        for made in (
            make_event(
                round(dice.uniform(-300, 300)),
                dice.choice(("start", "start", "complete", "abort", "error", "pause")),
                dice.choice(("CU-85", "CU-65/75", "")),
                dice.choice(("station-1", "station-2")),
            )
            for _ in range(100)
        )
    }
    store_events(migrated, *told.values(), rebuilt_at=1000)
    found = reader.read_annotations(since=NOW, until=NOW + HOUR)
    batches = reconstruct_batches(told.values(), now=NOW + timedelta(minutes=1000))
    overlapping = [b for b in batches if b.begins_at < NOW + HOUR and b.ends_at and b.ends_at >= NOW]
    assert overlapping
    assert sorted((a.at, a.until, a.kind, a.device) for a in found.items) == sorted(
        (b.begins_at, b.ends_at, KINDS.get(b.status, AnnotationKind.UNMATCHED), b.device_id)
        for b in overlapping
    )


def test_text_of_the_plant_comes_out_harmless(reader: PanelReader, migrated: str) -> None:
    with psycopg.connect(migrated) as session:
        session.execute(
            "INSERT INTO batch_events (time, device_id, event, recipe)"
            " VALUES (%s, E'a\\x1b[2J', 'start', E'[/]\\u202eB')",
            (NOW,),
        )
    rebuild_changed_days(settings_for(migrated), now=NOW)
    (found,) = read_hour(reader)
    assert (found.text, found.device) == ("[/]\ufffdB running", "a\ufffd[2J")


def test_the_columns_are_those_that_grafana_asks_for(migrated: str) -> None:
    asked = {"from": NOW, "to": NOW + HOUR, "device": None, "recipe": None}
    store_events(migrated, make_event(1, "start"), make_event(3, "complete"))
    with psycopg.connect(migrated) as session:
        cursor = session.execute(read_statement("reads/select_annotations"), asked)
        assert [column.name for column in cursor.description or ()][:4] == ["time", "timeend", "text", "tags"]
        ((*_, tags, _kind, _device, _author, _more),) = cursor.fetchall()
    assert tags == "batch,station-1,CU-85"
