"""Requests whose answer opens a dialog, signs on, or moves a screen: void once their requester has left."""

from dataclasses import dataclass
from typing import Any

from textual.screen import Screen

from dosing_tui.tui.data.operator_session import OperatorSession
from dosing_tui.tui.data.query_results import QueryResult, Value

SIGN_ON = "sign-on"
"""Kind of the requests of the one who wants to sign on."""


@dataclass(frozen=True, slots=True, eq=False)
class PendingRequest:
    """``screen``: the one that has to stay on top; None: any. ``text``: what is being done."""

    kind: str
    text: str
    turn: int
    """Of the operator's session."""
    screen: Screen[Any] | None


@dataclass
class RequestResult(QueryResult[Value]):
    """The answer to a request, which may be void by now: its handler asks ``PendingRequests.finish``."""

    request: PendingRequest


class PendingRequests:
    """The newest request of each kind. Its answer counts once, and only while it is wanted.

    A request is void when another one of its kind has begun, and when another person may have come to the
    console (``operator`` is in another turn). It opens nothing once another screen came on top of its own.
    """

    def __init__(self, operator: OperatorSession) -> None:
        self._operator = operator
        self._newest: dict[str, PendingRequest] = {}
        self._abandoned: set[PendingRequest] = set()
        """Those whose requester went to another screen, even if that is closed again."""

    def begin(self, kind: str, text: str, *, screen: Screen[Any] | None = None) -> PendingRequest:
        """In place of the one of its kind before."""
        self.cancel(kind)
        request = self._newest[kind] = PendingRequest(kind, text, self._operator.turn, screen)
        return request

    def find(self, kind: str) -> PendingRequest | None:
        """The one that is not void, while its answer is awaited."""
        request = self._newest.get(kind)
        return request if request is not None and request.turn == self._operator.turn else None

    def can_open(self, kind: str) -> bool:
        """An answer is awaited that may still open its dialog."""
        request = self.find(kind)
        return request is not None and request not in self._abandoned

    def cancel(self, kind: str) -> None:
        if (request := self._newest.pop(kind, None)) is not None:
            self._abandoned.discard(request)

    def note_screen(self, screen: Screen[Any]) -> None:
        """Another screen is on top."""
        self._abandoned |= {one for one in self._newest.values() if one.screen not in (None, screen)}

    def finish(self, request: PendingRequest, *, is_opening: bool = False) -> bool:
        """Whether its answer is still wanted, once. ``is_opening``: it opens a dialog or batch."""
        is_wanted = self.find(request.kind) is request and not (is_opening and request in self._abandoned)
        if self._newest.get(request.kind) is request:
            self.cancel(request.kind)
        return is_wanted
