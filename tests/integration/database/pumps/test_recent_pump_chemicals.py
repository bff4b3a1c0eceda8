"""The chemicals of a pump's last 200 doses are as the doses say, also where many share a moment."""

import random
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.domain.messages.models import Dose
from tests.support.database.reading_samples import DOSE, NOW
from tests.support.database.schema_inspection import fetch_rows, fetch_value
from tests.support.database.stored_batches import write_readings
from tests.support.database_servers import Server

STEPS = (0, 0, 1, 7, 60)
"""Seconds from one dose of a station to the next."""


def make_history(chance: random.Random, station: str, count: int, *, is_even: bool) -> list[Dose]:
    at, doses, pumps = NOW, list[Dose](), (1, 2, 3) if is_even else (1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3)
    for number in range(count):
        at += timedelta(seconds=chance.choice(STEPS))
        pump, chemical = chance.choice(pumps), chance.choice(("T-9", "T-9", "T-12", "BDO"))
        doses.append(
            replace(
                DOSE, time=at, received_at=at, device_id=station, pump=pump, chemical=chemical,
                dedup=chance.randrange(9) * 10_000 + number,
            )
        )  # fmt: skip
    return doses


@pytest.mark.parametrize("seed", range(3))
def test_chemicals_of_the_last_doses_are_counted_at_any_time(
    flavour: Server, migrated: str, seed: int
) -> None:
    chance = random.Random(seed)
    doses = [
        *make_history(chance, "even", 1_500, is_even=True),
        *make_history(chance, "uneven", 1_500, is_even=False),
        *make_history(chance, "few", 90, is_even=True),
    ]
    write_readings(migrated, doses)
    last = max(dose.time for dose in doses)
    moments = [last + timedelta(seconds=1), last + timedelta(days=26)] + [
        chance.choice(doses).time for _ in range(12)
    ]
    for now in moments:
        pumps: dict[tuple[str, int], list[Dose]] = defaultdict(list)
        for dose in sorted(doses, key=lambda each: (each.time, each.dedup), reverse=True):
            if dose.time < now and len(pumps[dose.device_id, dose.pump]) < 200:
                pumps[dose.device_id, dose.pump].append(dose)
        told = {
            (*pump, chemical, count, max(each.time for each in own if each.chemical == chemical))
            for pump, own in pumps.items()
            for chemical, count in Counter(each.chemical for each in own).items()
        }
        asked = "SELECT * FROM recent_pump_chemicals(%s, %s)"
        found = fetch_rows(migrated, asked, now, None)
        assert (len(found), set(found)) == (len(told), told)
        one = fetch_rows(migrated, asked, now, ["uneven", "none"])
        assert set(one) == {row for row in told if row[0] == "uneven"}
    assert fetch_value(migrated, "SELECT count(*) FROM recent_pump_chemicals(%s, NULL)", NOW) == 0
