"""Alarm catalog: rationalized alarms with priority, cause, consequence and action (ISA-18.2)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, StrEnum

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.quantities.quantity_text import Quantity, format_quantity

CATALOG_VERSION = 2
"""Version of the catalog, stored with each entry. Increment it when the meaning of a rule changes."""

NO_DELAY = timedelta()
RETIRED = "RETIRED"
"""Rule of a station, or of a tank as its item: out of service, it takes all alarms of that one away."""
COLLECTOR_RULES = frozenset(
    {"BROKER_DOWN", "TOPIC_REFUSED", "DB_DOWN", "DB_PARTIAL", "SPOOL_HIGH", "SPOOL_FULL"}
)
"""Rules about the collector itself: of what it has journaled, no other process can tell that it has ended."""


class BatchWeight(Enum):
    """What an alarm or a finding means for the review of a batch."""

    EXCEPTION = "exception"
    """It says something about the batch."""
    USED_TANK = "exception of a batch that used the tank"
    """Of a batch that dosed the chemical, or with the pump, at that time; a remark of other batches."""
    REMARK = "remark"
    """It says something about the plant at that time: shown and printed, not counted."""
    OWN_CHECK = "checked by the batch itself"
    """The batch's own messages say the same: the alarm is not told again."""


class AlarmGroup(StrEnum):
    """Group for first-out detection: alarms with a common cause."""

    STATION = "station"
    LINKS = "links"


class AlarmRule(Struct, frozen=True):
    id: str
    priority: Priority
    title: str
    cause: str
    consequence: str
    action: str
    batch_weight: BatchWeight
    quantity: Quantity
    """What value and limit of the alarm measure: it decides their unit and digits."""
    group: AlarmGroup = AlarmGroup.STATION
    on_delay: timedelta = NO_DELAY
    """Time for which the condition must be true before the raise; it filters fleeting alarms."""
    off_delay: timedelta = NO_DELAY
    """Time for which the condition must be false before the return; it filters chattering."""
    latching: bool = False
    """The alarm stays until it is acknowledged and reset."""
    momentary: bool = False
    """The condition is an event without duration; the alarm returns after ``off_delay``."""

    @property
    def disprovable(self) -> bool:
        """Whether a message that arrives late can prove the alarm wrong."""
        return self.id in _DISPROVABLE

    def get_group_name(self, key: AlarmKey) -> str:
        return AlarmGroup.LINKS if self.group is AlarmGroup.LINKS else f"{self.group}/{key.device}"


_DISPROVABLE = frozenset({"BATCH_ABORTED", "BATCH_INGREDIENT", "STOCK_MISMATCH", "STOCK_RESET"})

_H, _M, _L = Priority.HIGH, Priority.MEDIUM, Priority.LOW
_S10, _S60 = timedelta(seconds=10), timedelta(seconds=60)
_REMARK, _OWN_CHECK = BatchWeight.REMARK, BatchWeight.OWN_CHECK

_CATALOG = (
    AlarmRule(
        "STOCK_LOW", _M, "Low inventory", off_delay=_S60,
        cause="The tank has been dosed from and not refilled.",
        consequence="Batches that need this chemical will soon stop half-way.",
        action="Refill the tank, or order the chemical; check how many batches are left.",
        batch_weight=_REMARK,
        quantity=Quantity.LEVEL,
    ),
    AlarmRule(
        "STOCK_CRITICAL", _H, "Tank nearly empty", off_delay=_S60,
        cause="The tank was not refilled after it had been low, or holds less than a batch takes.",
        consequence="The next batch with this chemical will not be complete; the pump may draw air.",
        action="Start no batch that needs it; refill the tank now.",
        batch_weight=_REMARK,
        quantity=Quantity.LEVEL,
    ),
    AlarmRule(
        "STOCK_COVER_LOW", _M, "Stock lasts too short", off_delay=_S60,
        cause="The tank is used faster than it is refilled, or the use has risen.",
        consequence="It runs empty before the limit of the settings, however full it looks.",
        action="Order the chemical, or refill the tank; compare the tanks on screen 2.",
        batch_weight=_REMARK,
        quantity=Quantity.PRODUCTION_DAYS,
    ),
    AlarmRule(
        "STOCK_RESET", _M, "Level jumped up", off_delay=_S60, latching=True, momentary=True,
        cause="The tank was refilled, or the station restarted and believes the tank is full.",
        consequence="After a restart the level shown is wrong, and running empty will not be noticed.",
        action="Look into the tank; correct the station's level, or enter the refill (R on screen 2).",
        batch_weight=_REMARK,
        quantity=Quantity.MASS,
    ),
    AlarmRule(
        "STOCK_MISMATCH", _M, "Level and doses differ", off_delay=_S60, latching=True, momentary=True,
        cause="A dose's message was lost, a prime or waste was not entered, or the tank leaks.",
        consequence="The calculated stock differs from the content of the tank.",
        action="Enter what was primed or wasted (R on screen 2); else look for a leak or a lost message.",
        batch_weight=_REMARK,
        quantity=Quantity.MASS,
    ),
    AlarmRule(
        "LOT_EXPIRED", _M, "Expired lot in a tank", off_delay=_S60,
        cause="The lot was used longer than it may be, or its expiry was entered wrongly.",
        consequence="Every batch with this chemical gets some of it, and an exception.",
        action="Change the drum; release or reject the batches since then: trace --lot lists them.",
        batch_weight=_OWN_CHECK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "LOT_UNKNOWN", _L, "Unknown lot in a tank", off_delay=_S60,
        cause="A drum change or refill has no lot, or the tank was not empty before its first lot.",
        consequence="Batches with this chemical cannot be traced to a lot.",
        action="Read the lot on the drum, and enter the drum change with it.",
        batch_weight=_OWN_CHECK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "LOT_EXPIRES_SOON", _L, "Lot expires before it is used up", off_delay=_S60,
        cause="At its usual use, the tank lasts longer than the lot.",
        consequence="What is left then must not be used.",
        action="Use this tank first, where a chemical is in several; add less to it.",
        batch_weight=_REMARK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "DOSE_OUT_OF_TOL", _M, "Dose out of tolerance", off_delay=_S60, latching=True, momentary=True,
        cause="Worn tube, air in the line, a scale that drifts or was touched.",
        consequence="The batch may be outside its specification.",
        action="Note it for the batch; check tube and scale before the next one.",
        batch_weight=BatchWeight.USED_TANK,
        quantity=Quantity.MASS,
    ),
    AlarmRule(
        "DOSE_GROSS", _H, "Gross dosing error", off_delay=_S60, latching=True, momentary=True,
        cause="Blocked line, empty tank, wrong container on the scale, pump running on.",
        consequence="The batch is almost certainly spoilt.",
        action="Stop the station, set the batch aside, find the cause before it goes on.",
        batch_weight=BatchWeight.USED_TANK,
        quantity=Quantity.MASS,
    ),
    AlarmRule(
        "ERR_MEAN_1H", _M, "High dosing error rate", on_delay=_S10, off_delay=_S60,
        cause="A pump or the scale drifts.",
        consequence="Batches of this hour are less exact than they should be.",
        action="See which pump it is; calibrate it or change its tube.",
        batch_weight=_REMARK,
        quantity=Quantity.MASS,
    ),
    AlarmRule(
        "ERR_RATE_1H", _L, "Many doses out of tolerance", on_delay=_S10, off_delay=_S60,
        cause="A pump wears, or a tolerance is narrower than the pump can do.",
        consequence="More batches need a review.",
        action="Plan a calibration; compare the pumps on screen 0.",
        batch_weight=_REMARK,
        quantity=Quantity.PERCENT,
    ),
    AlarmRule(
        "CALIBRATION_DUE", _L, "Calibration due", off_delay=_S10,
        cause="The interval since the last calibration of a pump or a scale in the log is over.",
        consequence="It is unknown whether pump and scale are still accurate.",
        action="Calibrate it and enter it on screen 0: its figures start again.",
        batch_weight=_REMARK,
        quantity=Quantity.PERCENT,
    ),
    AlarmRule(
        "TUBE_DUE", _L, "Tube change due", off_delay=_S10,
        cause="The pump has dosed as many grams, or run as many hours, as a tube lasts.",
        consequence="A worn tube doses less and scatters more, and may burst.",
        action="Change the tube and enter it on screen 0: its figures start again.",
        batch_weight=_REMARK,
        quantity=Quantity.PERCENT,
    ),
    AlarmRule(
        "BATCH_STALLED", _H, "Batch stalled", on_delay=timedelta(seconds=5),
        cause="The station was paused, stands in an error, or lost its network in the middle of a batch.",
        consequence="An unfinished mixture waits; a pump may be running unseen.",
        action="Go to the station: resume the batch, or abort it there.",
        batch_weight=_OWN_CHECK,
        quantity=Quantity.DURATION,
    ),
    AlarmRule(
        "BATCH_ABORTED", _M, "Batch aborted", off_delay=_S60, latching=True, momentary=True,
        cause="The batch was aborted or failed, or another was started before it was complete.",
        consequence="An incomplete mixture may be in use.",
        action="Find the container and set it aside; record its disposition.",
        batch_weight=_OWN_CHECK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "BATCH_INGREDIENT", _H, "Wrong ingredients in a batch", off_delay=_S60, latching=True, momentary=True,
        cause="A dose is missing, came twice or is of another chemical, or a message was lost.",
        consequence="The batch does not follow its recipe.",
        action="Set the batch aside; compare its doses with the recipe.",
        batch_weight=_OWN_CHECK,
        quantity=Quantity.COUNT,
    ),
    AlarmRule(
        "PUMP_CHEMICAL", _H, "Pump doses another chemical", off_delay=_S60, latching=True, momentary=True,
        cause="Another drum was connected, or the pump was set up for another chemical.",
        consequence="The batch may hold the wrong chemical.",
        action="Stop the station; compare drum and pump. A planned change is learnt within 200 doses.",
        batch_weight=BatchWeight.USED_TANK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "CHEMICAL_SLOW", _L, "Chemical is dosed slowly everywhere", on_delay=_S10, off_delay=_S60,
        cause="The chemical is cold and thick, or another quality: a worn pump would be slow alone.",
        consequence="Batches take longer; doses may overshoot less or end at their time-out.",
        action="Measure the drum's temperature; warm it, or wait. Leave the tubes.",
        batch_weight=_REMARK,
        quantity=Quantity.PERCENT,
    ),
    AlarmRule(
        "DEVICE_OFFLINE", _M, "Station offline", group=AlarmGroup.LINKS,
        cause="The station has no power or no network, or has crashed.",
        consequence="Its doses and levels are not seen.",
        action="Look at the station's display; restart it; check the network.",
        batch_weight=_REMARK,
        quantity=Quantity.DURATION,
    ),
    AlarmRule(
        RETIRED, _L, "Retired station or tank is back", off_delay=_S60, momentary=True,
        cause="A station or a tank that was taken out of service for good is used again.",
        consequence="Its alarms count again from now on.",
        action="Retire it again if it should not run; else correct drum, pump and recipe.",
        batch_weight=_REMARK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "MESSAGES_LOST", _L, "Messages lost", off_delay=_S60, latching=True, momentary=True,
        cause="The station's numbers have a gap: it published without a connection, or a queue was full.",
        consequence="Doses, levels or events may be missing in totals, charts and batches.",
        action="Compare the batch with the station's display; check its network, and publish with QoS 1.",
        batch_weight=_REMARK,
        quantity=Quantity.COUNT,
    ),
    AlarmRule(
        "CLOCK_SKEW", _L, "Station's clock is off", on_delay=_S60, off_delay=_S60,
        cause="The station has no time server, or a wrong time zone.",
        consequence="Its doses are filed under wrong times, or under those of their arrival.",
        action="Check the station's time server and zone.",
        batch_weight=_REMARK,
        quantity=Quantity.DURATION,
    ),
    AlarmRule(
        "BROKER_DOWN", _H, "Broker down", group=AlarmGroup.LINKS,
        cause="The broker, its machine or the network is down, or refuses this program.",
        consequence="Nothing that happens in the plant is seen or stored.",
        action="Start the broker; check the network and this program's account.",
        batch_weight=_REMARK,
        quantity=Quantity.DURATION,
    ),
    AlarmRule(
        "TOPIC_REFUSED", _H, "Topic refused", group=AlarmGroup.LINKS,
        cause="The broker's access rules do not let this program's account read a topic of the plant.",
        consequence="Its readings are neither seen nor stored, and the broker does not queue them.",
        action="Give the account the right to read the topic; it is requested again every 30 seconds.",
        batch_weight=_REMARK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "DB_DOWN", _M, "Database down", group=AlarmGroup.LINKS,
        cause="The database, its machine or the network is down, or refuses this program.",
        consequence="Readings are kept on this machine until it is back; charts stand still.",
        action="Start the database; see that the spool has room until then.",
        batch_weight=_REMARK,
        quantity=Quantity.DURATION,
    ),
    AlarmRule(
        "DB_PARTIAL", _H, "Database works only in part", group=AlarmGroup.LINKS,
        on_delay=timedelta(seconds=20), off_delay=_S10,
        cause="A right was taken from this program's account, or a part of the database no longer works.",
        consequence="Readings are stored; alarms may be neither recorded nor notified, batches not updated.",
        action="Correct what the message names; until then watch this screen for alarms.",
        batch_weight=_REMARK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "SPOOL_HIGH", _H, "Spool fills up", group=AlarmGroup.LINKS, on_delay=_S10, off_delay=_S60,
        cause="The database has been away for long, or does not keep up.",
        consequence="When the spool is full, the broker has to queue, and drops what it cannot hold.",
        action="Bring the database back; free disk space or raise collector.spool_max_mb.",
        batch_weight=_REMARK,
        quantity=Quantity.PERCENT,
    ),
    AlarmRule(
        "SPOOL_FULL", _H, "Collecting stopped", group=AlarmGroup.LINKS, off_delay=_S60,
        cause="The spool or its disk is full.",
        consequence="The broker queues the messages, and drops what it cannot hold.",
        action="Free disk space on the machine that collects; see that the database takes the readings.",
        batch_weight=_REMARK,
        quantity=Quantity.EVENT,
    ),
    AlarmRule(
        "QUARANTINE", _L, "Unreadable message", off_delay=_S60, latching=True, momentary=True,
        cause="A station publishes an invalid payload, or another client publishes on the plant's topics.",
        consequence="The data of the message are missing in charts and totals.",
        action="Read the reason in the list of rejected messages; inform the firmware's maintainer.",
        batch_weight=_REMARK,
        quantity=Quantity.EVENT,
    ),
)  # fmt: skip

RULES: Mapping[str, AlarmRule] = {rule.id: rule for rule in _CATALOG}


def format_alarm_value(rule_id: str, value: float | None) -> str:
    """A value or limit of an alarm of this rule with its unit; without one for a rule of another release.

    >>> format_alarm_value("DEVICE_OFFLINE", 432470.49), format_alarm_value("DEVICE_OFFLINE", 600.0)
    ('5 d 0 h', '10 min')
    """
    rule = RULES.get(rule_id)
    return format_quantity(value, Quantity.EVENT if rule is None else rule.quantity)
