"""Signing on and off: the name at once, and a PIN where the plant's review policy requires one."""

from dataclasses import dataclass
from functools import partial

from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.dialogs.sign_on_dialog import PinDialog, SignOnDialog
from dosing_tui.tui.widgets.messages import ViewChanged


class SignOnPolicyLoaded(QueryResult[ReviewPolicy]):
    """Whether a PIN is required of the one who wants to sign on."""


@dataclass
class PinVerified(QueryResult[bool]):
    """The value is True; a wrong PIN is an error."""

    name: str


@dataclass(eq=False)
class SignOnController(Controller):
    """``services.operator`` holds who is signed on."""

    _policy: SignOnPolicyLoaded | None = None
    """Read while the name is being entered."""
    _waiting_name: str = ""
    """Entered before the policy was read."""

    def open_sign_on_dialog(self) -> None:
        self._policy, self._waiting_name = None, ""
        read_policy = self.services.source.batches.read_policy
        self.services.workers.submit(read_policy, SignOnPolicyLoaded, Lane.REVIEWS)
        dialog = SignOnDialog(self.host.terminal_theme, self.services.operator.operator, self.services.zone)
        self.open_dialog(dialog, self._apply_name)

    def _apply_name(self, name: str) -> None:
        """The one before is signed off in any case: another person is at the console."""
        previous = self.services.operator.name
        self.services.operator.sign_off()
        self.host.post_message(ViewChanged())
        if not name:
            self.host.show_message(f"{previous} is signed off.")
        elif self._policy is None:
            self._waiting_name = name
            self.host.show_message("Signing on …")
        else:
            self._sign_on(name, self._policy)

    def store_policy(self, result: SignOnPolicyLoaded) -> None:
        name, self._waiting_name, self._policy = self._waiting_name, "", result
        if name:
            self._sign_on(name, result)

    def _sign_on(self, name: str, policy: SignOnPolicyLoaded) -> None:
        """Without the database nobody can check a PIN: alarms are acted on under the name as entered."""
        if policy.value is not None and policy.value.pin:
            self.open_dialog(PinDialog(self.host.terminal_theme, name), partial(self._verify_pin, name))
            return
        self._sign_on_unverified(name, f"Review policy unavailable: {policy.error}" if policy.error else "")

    def _sign_on_unverified(self, name: str, note: str = "") -> None:
        self.services.operator.sign_on(name)
        self.host.show_message(f"{name} is signed on. Identity not verified. {note}".rstrip())
        self.host.post_message(ViewChanged())

    def _verify_pin(self, name: str, pin: str) -> None:
        """Who has no PIN, as those who review nothing, is signed on without: no signature depends on it."""
        if not pin:
            self._sign_on_unverified(name)
            return
        verify_pin = self.services.source.batches.verify_pin
        self.services.workers.submit(
            partial(verify_pin, name, pin), partial(PinVerified, name=name), Lane.REVIEWS
        )

    def confirm_pin(self, result: PinVerified) -> None:
        if not result.value:
            self.host.show_message(f"Not signed on: {result.error}")
            return
        self.services.operator.sign_on(result.name, is_verified=True)
        self.host.show_message(f"{result.name} is signed on. PIN verified.")
        self.host.post_message(ViewChanged())
