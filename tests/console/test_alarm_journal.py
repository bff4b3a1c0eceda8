"""What a console asks of alarms is in the journal of a real database, by whom, and read back from there."""

from dataclasses import replace
from datetime import UTC, datetime
from getpass import getuser
from uuid import uuid4

import pytest

from dosing_tui.backstage.mirror import Mirror
from dosing_tui.console.engine import Engine
from dosing_tui.errors import DatabaseAway
from dosing_tui.plant.alarms.records import Event
from tests.database.samples import settings_for
from tests.plant.alarms.entries import ANNA, entry


def now() -> datetime:
    return datetime.now(UTC)


def test_an_acknowledgement_is_journaled_under_name_and_account(migrated: str) -> None:
    engine = Engine(settings_for(migrated), Mirror(), now)
    raised = replace(entry(Event.RAISE), uuid=uuid4(), id=0)
    engine.journal([raised, replace(entry(Event.ACKNOWLEDGE), uuid=uuid4(), id=0, who=ANNA)])
    told = engine.journaled()
    assert [one.event for one in told] == [Event.RAISE, Event.ACKNOWLEDGE]
    assert (told[1].who.name, told[1].who.os_user) == ("Anna", getuser())


def test_a_database_that_is_away_is_told() -> None:
    engine = Engine(settings_for("host=127.0.0.1 port=1 dbname=none"), Mirror(), now)
    with pytest.raises(DatabaseAway):
        engine.journal([entry(Event.ACKNOWLEDGE)])
