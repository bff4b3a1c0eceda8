"""Signing on and off: the name at once, and a PIN where the plant's review policy requires one."""

from dataclasses import dataclass
from functools import partial

from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.requests.pending_request import SIGN_ON, PendingRequest, RequestResult
from dosing_tui.tui.widgets.messages import ViewChanged


class SignOnPolicyRead(QueryResult[ReviewPolicy]):
    """Whether a PIN is required, read while the name is being entered."""


@dataclass
class SignOnPolicyLoaded(RequestResult[ReviewPolicy]):
    """Whether a PIN is required of the one who wants to sign on."""

    name: str


@dataclass
class PinVerified(RequestResult[bool]):
    """The value is True; a wrong PIN is an error."""

    name: str


@dataclass(eq=False)
class SignOnController(Controller):
    """``services.operator`` holds who is signed on; the one who signs on last is the one at the console."""

    _policy: SignOnPolicyRead | None = None

    def open_sign_on_dialog(self) -> None:
        self._policy = None
        self.services.requests.cancel(SIGN_ON)
        self.services.entries.mark_seen(SIGN_ON)
        self.services.workers.submit(self.services.source.batches.read_policy, SignOnPolicyRead, Lane.REVIEWS)
        dialog = lazy_screens.SignOnDialog(
            self.host.terminal_theme, self.services.operator.operator, self.services.zone
        )
        self.open_dialog(dialog, self._apply_name)

    def store_policy(self, result: SignOnPolicyRead) -> None:
        self._policy = result

    def _apply_name(self, name: str) -> None:
        """The one before is signed off in any case: another person is at the console."""
        previous = self.services.operator.name
        self.services.operator.sign_off()
        self.host.post_message(ViewChanged())
        if not name:
            self.host.show_message(f"{previous} is signed off." if previous else "Nobody is signed on.")
            return
        request = self.begin_request(SIGN_ON, f"signing on {name}")
        if self._policy is not None:
            self._sign_on(request, name, self._policy)
            return
        self.services.workers.submit(
            self.services.source.batches.read_policy,
            partial(SignOnPolicyLoaded, request=request, name=name),
            Lane.REVIEWS,
        )

    def apply_policy(self, result: SignOnPolicyLoaded) -> None:
        self._sign_on(result.request, result.name, result)

    def _sign_on(self, request: PendingRequest, name: str, policy: QueryResult[ReviewPolicy]) -> None:
        """Without the database no PIN can be checked: alarm actions have the name as entered."""
        if policy.value is not None and policy.value.pin:
            dialog = lazy_screens.PinDialog(self.host.terminal_theme, name)
            if not self.open_answer(request, dialog, partial(self._verify_pin, name)):
                self._report_lateness(name, "another screen was opened before the PIN was asked for.")
        elif self.services.requests.finish(request):
            note = f"Review policy unavailable: {policy.error}" if policy.error else ""
            self._sign_on_unverified(name, request.turn, note)
        else:
            self._report_lateness(name, "the database answered too late.")

    def _sign_on_unverified(self, name: str, turn: int, note: str = "") -> None:
        if self.services.operator.sign_on(name, turn=turn):
            self.host.show_message(f"{name} is signed on. Identity not verified. {note}".rstrip())
            self.host.post_message(ViewChanged())

    def _verify_pin(self, name: str, pin: str) -> None:
        """Who has no PIN, as those who review nothing, is signed on without: no signature depends on it."""
        if not pin:
            self._sign_on_unverified(name, self.services.operator.turn)
            return
        request = self.services.requests.begin(SIGN_ON, f"checking PIN of {name}")
        self.services.workers.submit(
            partial(self.services.source.batches.verify_pin, name, pin),
            partial(PinVerified, request=request, name=name),
            Lane.REVIEWS,
        )
        self.host.post_message(ViewChanged())

    def confirm_pin(self, result: PinVerified) -> None:
        if not self.services.requests.finish(result.request):
            self._report_lateness(result.name, "the PIN was checked too late.")
        elif not result.value:
            self.report_failure(SIGN_ON, f"{result.name} is not signed on: {result.error}")
        elif self.services.operator.sign_on(result.name, turn=result.request.turn, is_verified=True):
            self.host.show_message(f"{result.name} is signed on. PIN verified.")
            self.host.post_message(ViewChanged())

    def _report_lateness(self, name: str, reason: str) -> None:
        """Of no interest to somebody else who is signed on, or signs on."""
        if not self.services.operator.name and self.services.requests.find(SIGN_ON) is None:
            self.report_failure(SIGN_ON, f"{name} is not signed on: {reason}")
