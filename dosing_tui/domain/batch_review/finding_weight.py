"""Whether a finding is an exception of a batch or a remark, by a declared table, and the rules' versions."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import IntEnum, StrEnum

from msgspec import Struct

from dosing_tui.domain.alarms.catalog import RULES, BatchWeight
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan, is_active_during
from dosing_tui.domain.batches.canonical_json import FORMAT_VERSION
from dosing_tui.domain.batches.models import Batch, is_same_name

DOSE_ALARM_DELAY = timedelta(seconds=60)
"""Longest time from a dose to its alarm. One that arrives later may be of another batch."""


class ExceptionKind(StrEnum):
    """Kind of finding, exception or remark; the value is stored and used in filters."""

    TOLERANCE = "out of tolerance"
    MISSING = "missing ingredient"
    EXTRA = "extra ingredient"
    DUPLICATE = "duplicate ingredient"
    WRONG_PUMP = "wrong pump"
    WRONG_TARGET = "wrong target"
    WRONG_ORDER = "wrong order"
    DURATION = "duration"
    SLOW_CHEMICAL = "slow chemical"
    NOT_COMPLETE = "not complete"
    TIME_QUALITY = "time quality"
    DATA_REPAIR = "repaired data"
    SEQUENCE = "message sequence"
    MESSAGE_LOSS = "message loss"
    STOCK_JUMP = "stock jump"
    LOW_STOCK = "low stock"
    EXPIRED_LOT = "expired lot"
    UNKNOWN_LOT = "unknown lot"
    ALARM = "alarm"

    @property
    def weight(self) -> BatchWeight:
        """What says something about the batch is an exception; ALARM: the rule of the alarm decides."""
        # exhaustive for mypy: a new kind without a decision is a type error
        match self:
            case (
                ExceptionKind.TOLERANCE | ExceptionKind.MISSING | ExceptionKind.EXTRA
                | ExceptionKind.DUPLICATE | ExceptionKind.WRONG_PUMP | ExceptionKind.WRONG_TARGET
                | ExceptionKind.WRONG_ORDER | ExceptionKind.DURATION | ExceptionKind.NOT_COMPLETE
                | ExceptionKind.DATA_REPAIR | ExceptionKind.SEQUENCE | ExceptionKind.MESSAGE_LOSS
                | ExceptionKind.EXPIRED_LOT | ExceptionKind.UNKNOWN_LOT | ExceptionKind.ALARM
            ):  # fmt: skip
                return BatchWeight.EXCEPTION
            case ExceptionKind.STOCK_JUMP:
                return BatchWeight.USED_TANK
            case ExceptionKind.LOW_STOCK | ExceptionKind.TIME_QUALITY | ExceptionKind.SLOW_CHEMICAL:
                return BatchWeight.REMARK


_STOCK_KINDS = frozenset({ExceptionKind.STOCK_JUMP, ExceptionKind.MESSAGE_LOSS})
"""Differences between levels and doses, which may have come after the batch or with another one."""


class RulesVersion(IntEnum):
    """Version of the rules that an assessment was made under; stored with it."""

    ALL_COUNT = 1
    """Every finding is an exception, and every alarm of the station that is not of an unused tank."""
    REMARKS = 2
    """What says nothing about the batch itself is a remark."""
    EACH_DOSE = 3
    """Each dose is judged by its own target, also of a chemical that came twice, and by the plant's pumps."""
    MISSING_NUMBERS = 4
    """Messages that are missing by their numbers are named."""
    TANK_LIMITS = 5
    """A tank is low below the limit of its chemical, as its alarm has it; its level is rounded down."""


class Edition(Struct, frozen=True):
    """Version of the record's format and of the rules of its assessment."""

    record_format: int
    rules: RulesVersion


CURRENT_EDITION = Edition(FORMAT_VERSION, max(RulesVersion))
EARLIER_EDITIONS = (
    Edition(1, RulesVersion.ALL_COUNT),
    Edition(2, RulesVersion.REMARKS),
    Edition(2, RulesVersion.EACH_DOSE),
    Edition(2, RulesVersion.MISSING_NUMBERS),
)
"""A reviewed batch keeps the edition it was reviewed under, while its facts give the same bytes under it."""


class BatchException(Struct, frozen=True):
    """One exception or remark: kind, subject (a chemical, '' for the batch) and one sentence."""

    kind: ExceptionKind
    subject: str
    sentence: str


class BatchFindings(Struct, frozen=True):
    """Exceptions count, and a batch with one is approved with deviation only; remarks are for reading."""

    exceptions: tuple[BatchException, ...]
    remarks: tuple[BatchException, ...] = ()


def divide_findings(
    batch: Batch, found: Iterable[BatchException], alarms: Iterable[AlarmSpan]
) -> BatchFindings:
    """Divide what was found and the alarms, in their order, into exceptions and remarks of the batch."""
    weighed = [*((each, _counts(batch, each)) for each in found), *_weigh_alarms(batch, alarms)]
    exceptions = tuple(each for each, counts in weighed if counts)
    return BatchFindings(exceptions, tuple(each for each, counts in weighed if not counts))


def describe_alarm(alarm: AlarmSpan) -> BatchException:
    return BatchException(ExceptionKind.ALARM, "", f"the alarm '{alarm.name}' was active")


def _counts(batch: Batch, finding: BatchException) -> bool:
    weight, tank = finding.kind.weight, finding.subject
    if finding.kind in _STOCK_KINDS and not any(
        change.attributed for change in batch.stock if change.chemical == tank
    ):
        return False
    if weight is BatchWeight.USED_TANK:
        return any(is_same_name(one.chemical, tank) for one in batch.ingredients)
    return weight is BatchWeight.EXCEPTION


def _weigh_alarms(batch: Batch, alarms: Iterable[AlarmSpan]) -> Iterator[tuple[BatchException, bool]]:
    """Each alarm once: an exception if one of its times is one."""
    counted: dict[BatchException, bool] = {}
    for alarm in alarms:
        if is_active_during(alarm, batch):
            finding = describe_alarm(alarm)
            counted[finding] = counted.get(finding, False) or _is_alarm_exception(batch, alarm)
    yield from counted.items()


def _is_alarm_exception(batch: Batch, alarm: AlarmSpan) -> bool:
    rule, _, item = alarm.name.partition("/")
    known = RULES.get(rule)
    if known is None:
        return True  # of a catalog that this version does not know: somebody has to look
    if known.batch_weight is BatchWeight.USED_TANK:
        return any(
            (is_same_name(dose.chemical, item) or item == f"pump {dose.pump}")
            and abs(alarm.since - dose.time) <= DOSE_ALARM_DELAY
            for dose in batch.doses
        )
    return known.batch_weight is BatchWeight.EXCEPTION
