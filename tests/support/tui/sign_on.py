"""Somebody is at the console, by whatever way."""

from dosing_tui.tui.data.operator_session import OperatorSession


def sign_on_now(operator: OperatorSession, name: str) -> None:
    assert operator.sign_on(name, turn=operator.turn)
