"""Results of background queries as Textual messages, each handled under the name of its class."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct
from textual.message import Message

from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchRow,
    BatchStatusCounts,
    ContextEvents,
)
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.panels.dropped_readings import DroppedReadings
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.errors import DatabaseError
from dosing_tui.tui.scope.scope import Scope

Value = TypeVar("Value")


@dataclass
class QueryResult(Message, Generic[Value]):
    """``value`` is None when the query failed; ``error`` is then a sentence for the operator."""

    value: Value | None
    error: str
    database_error: DatabaseError | None = field(default=None, init=False)
    """The cause of ``error``, if the database is."""


class PanelRequest(Struct, frozen=True):
    panel: Panel[Any]
    generation: int
    scope: Scope
    query: PanelQuery
    is_awaited: bool = False
    """The operator waits for it: it is drawn at once, and not with the next tick."""


@dataclass
class PanelLoaded(Message):
    """``rows`` is None when the query failed; ``error`` is then the reason."""

    request: PanelRequest
    rows: tuple[object, ...] | None
    error: str = ""
    database_error: DatabaseError | None = None
    """The cause of ``error``, if the database is."""
    dropped: DroppedReadings | None = None
    """Why there are no rows."""
    arrived_at: datetime | None = None
    """If that was before it is handled."""


class BatchRequest(Struct, frozen=True):
    """A query of the batch store. Of each name, only the result of the last request counts."""

    name: str
    anchor: BatchRow | None = None
    """The row beside the requested page; None: the page begins at the newest batch."""
    limit: int = 0
    not_found_text: str = ""


@dataclass
class BatchQueryResult(QueryResult[Value]):
    request: BatchRequest


class BatchListLoaded(BatchQueryResult[Sequence[BatchRow]]):
    """The page below ``request.anchor``."""


class BatchPageAboveLoaded(BatchQueryResult[Sequence[BatchRow]]):
    """The page above ``request.anchor``."""


class NextBatchLoaded(BatchQueryResult[Sequence[BatchRow]]):
    """The next matching batch and the page below it; empty: there is none."""


class BatchCountsLoaded(BatchQueryResult[BatchStatusCounts]):
    """Number of batches by status."""


class ReviewPolicyLoaded(BatchQueryResult[ReviewPolicy]):
    """The review policy of plant and console."""


class BatchDetailLoaded(BatchQueryResult[tuple[BatchDetail | None, ContextEvents | None]]):
    """One batch with the events of its time; None: it no longer exists."""
