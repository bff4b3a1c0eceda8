"""Who may open the console in a browser."""

import pytest

from dosing_tui.errors import ConfigError
from dosing_tui.ipc.listen_address import ListenAddress
from dosing_tui.serve.access import (
    check_address,
    is_same_origin,
    is_token_valid,
    parse_address,
)


@pytest.mark.parametrize("text", ["127.0.0.1", "localhost:0", "[::1]:80", "127.8.0.1:9000"])
def test_the_loopback_needs_no_permission(text: str) -> None:
    check_address(parse_address(text), is_remote_allowed=False)


@pytest.mark.parametrize("text", ["0.0.0.0", "[::]:80", "192.0.2.7:8000", "plant.example"])
def test_every_other_address_needs_one(text: str) -> None:
    with pytest.raises(ConfigError, match="reverse proxy with TLS"):
        check_address(parse_address(text), is_remote_allowed=False)
    check_address(parse_address(text), is_remote_allowed=True)


@pytest.mark.parametrize("text", ["", ":80", "host:port", "host:99999", "host/path", "user@host"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not an address"):
        parse_address(text)


def test_only_the_token_opens() -> None:
    assert is_token_valid("secret", None, "secret")
    assert not is_token_valid("secret", None, "", "Secret", "secret ")


def test_a_page_of_another_site_is_refused() -> None:
    assert is_same_origin("http://127.0.0.1:8000", "127.0.0.1:8000")
    assert is_same_origin(None, "127.0.0.1:8000")
    assert not is_same_origin("http://evil.example", "127.0.0.1:8000")
    assert not is_same_origin("null", "127.0.0.1:8000")
    assert not is_same_origin("http://127.0.0.1:8000", None)


def test_the_address_is_one_to_click() -> None:
    assert ListenAddress("::1", 8000).format_url("t") == "http://[::1]:8000/?token=t"
