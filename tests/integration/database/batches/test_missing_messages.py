"""Lost messages of the stations' ledger are in the judgement of the batches around them."""

from datetime import UTC, datetime

from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.batches.queries import list_batches, read_batch
from dosing_tui.database.presence.station_status_writer import StationStatusWriter
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.messages.models import Reading
from dosing_tui.domain.presence.models import MessageLoss
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_value
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.database_servers import Server
from tests.support.domain.batch_messages import STATION, make_dose, make_event, seconds_after

LATER = seconds_after(3_600)


def write_losses(dsn: str, *losses: MessageLoss) -> None:
    writer = StationStatusWriter(settings_for(dsn))
    writer.write_news(losses)
    writer.close()


def list_remarks(dsn: str) -> list[str]:
    settings = settings_for(dsn)
    rebuild_changed_days(settings, now=LATER)
    (row,) = list_batches(settings, BatchFilter())
    detail = read_batch(settings, row.batch_key)
    assert detail is not None
    return [one.sentence for one in detail.assessment.remarks]


def test_a_gap_that_is_learned_after_the_batch_is_judged_is_in_it_and_goes_when_it_closes(
    flavour: Server, migrated: str
) -> None:
    batch: list[Reading] = [
        make_event(0, "start", pumps=1),
        make_dose(61, "T-12"),
        make_event(65, "complete", pumps=1),
    ]
    store_and_rebuild(migrated, *batch, now=LATER)
    assert list_remarks(migrated) == []
    write_losses(
        migrated,
        MessageLoss(STATION, seconds_after(100), 2, 118, 119),
        MessageLoss("another", seconds_after(100), 7, 1, 7),
        MessageLoss(STATION, seconds_after(2_000), 5, 200, 204),
    )
    assert list_remarks(migrated) == ["2 messages of the station missing around this batch (seq 118-119)"]
    assert verify_audit_trail(settings_for(migrated)).faults == ()
    write_losses(migrated, MessageLoss(STATION, seconds_after(110), -2, 118, 119))
    assert list_remarks(migrated) == []


def test_losses_are_kept_beside_the_newest_changes(migrated: str) -> None:
    now = datetime.now(UTC)
    write_losses(migrated, *(MessageLoss(STATION, now, 1, number, number) for number in range(510)))
    assert fetch_value(migrated, "SELECT count(*) FROM station_changes") == 510
