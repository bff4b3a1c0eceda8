"""A collector that may not migrate works with a schema that lacks only what the settings would change."""

from msgspec.structs import replace

from dosing_tui.collector.dependencies import build_database
from dosing_tui.config.settings import DatabaseSettings, LimitSettings, RetentionSettings, Settings


def test_settings_that_differ_from_the_database_stop_no_collector(migrated: str) -> None:
    settings = Settings(
        database=DatabaseSettings(dsn=migrated, migrate=False),
        limits=LimitSettings(stock_low_percent=12.0),
        retention=replace(RetentionSettings(), readings_days=120),
    )
    notes: list[str] = []
    build_database(settings).prepare_schema(notes.append)
    assert [note.partition(" ")[2][:9] for note in notes] == ["low-stock", "retention"]
    assert all("dosing-tui migrate" in note for note in notes)
