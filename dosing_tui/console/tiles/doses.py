"""The newest doses as a table: live, seeded from the database, each error to be seen at a glance."""

from dosing_tui.console import tables, words
from dosing_tui.console.content import Content, age_of_reading
from dosing_tui.console.moment import Moment
from dosing_tui.console.tables import Table
from dosing_tui.console.tiles.dose_columns import Facts, dose_columns
from dosing_tui.live import Link
from dosing_tui.plant.readings import Dose

TITLE = "Recent doses"


def content(moment: Moment) -> Content[Table[Dose]]:
    picture = moment.picture
    doses = moment.doses
    stale = bool(doses) and picture.broker.link is Link.DOWN
    newest = doses[0].received_at if doses else None
    midnight = moment.now.astimezone(moment.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    facts = Facts(moment.zone, midnight, moment.settings.limits.tolerance_g, _stations(doses))
    age = age_of_reading(moment, newest, stale=stale)
    empty = "" if doses else moment.nothing_live("no dose has been reported yet")
    table = Table(doses, dose_columns(facts), facts)
    return Content(TITLE, table, tables.paint, age=age, stale=stale, empty=empty)


def _stations(doses: tuple[Dose, ...]) -> tuple[tuple[str, str], ...]:
    names = words.short_names(tuple(dose.device_id for dose in doses))
    return tuple(names.items()) if len(names) > 1 else ()
