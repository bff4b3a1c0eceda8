"""A terminal with all colours, whatever the tests run on."""

from tests.support.tui.terminal_fixture import _colours as _colours
from tests.support.tui.terminal_fixture import _paced_keys as _paced_keys
from tests.support.tui.terminal_fixture import _styles_read_once as _styles_read_once
