"""Every error the program raises on purpose, split by what the caller does about it.

DosingError
├── ConfigError        the settings are wrong: say so on stderr, exit 2
├── PayloadError       a message cannot be used: set it aside with its reason
├── SpoolError         the local spool cannot take or give messages: stop acknowledging
├── RangeError         a stretch of time cannot be understood: ask again
├── ExportError        rows cannot be given out as they are wanted: say so, exit 2
├── BrokerError        the broker cannot be reached or refuses: say so, retry
├── AlarmCommandError       an alarm cannot be acknowledged, shelved or reset now: say why
├── DeliveryError      nobody was told of an alarm: try again, unless it says that it is for good
├── DemoError          an embedded server does not start: say so, exit 2
├── RecipeError        a recipe master cannot be used: say so, exit 2
├── ReviewError        a review is not entered: say why, show the batch anew
└── DatabaseError
    ├── DatabaseUnavailableError      try again later: refused connection, restart, timeout
    ├── DatabaseAccessError   never on its own: password, right, missing or newer schema
    └── InvalidRowError        this row never: isolate it, keep its neighbours

A message names the thing and the value, in one sentence an operator can act on.
"""


class DosingError(Exception):
    """Root of the tree; its text is fit for an operator's eyes."""


class ConfigError(DosingError):
    """A setting is unknown, mistyped or unusable."""


class PayloadError(DosingError):
    """A payload cannot become a reading. ``field`` is '' when the whole message is at fault."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        super().__init__(reason)


class SpoolError(DosingError):
    """The spool cannot be opened, is held by another process, or its disk is full."""


class RangeError(DosingError):
    """What was written is no stretch of time, or one without length."""


class ExportError(DosingError):
    """There is no such panel or value, or the file exists already or cannot be written."""


class BrokerError(DosingError):
    """The broker cannot be reached, or refuses this client."""


class AlarmCommandError(DosingError):
    """What somebody asked of an alarm is not possible in its state."""


class DeliveryError(DosingError):
    """A server or a command did not take a message. ``is_permanent``: it will never take this one."""

    def __init__(self, reason: str, *, is_permanent: bool = False) -> None:
        self.is_permanent = is_permanent
        super().__init__(reason)


class DemoError(DosingError):
    """An embedded server cannot be found, started or reached."""


class RecipeError(DosingError):
    """A recipe master is not readable, or says what cannot be."""


class ReviewError(DosingError):
    """Somebody else has reviewed the batch, it has changed, a reason is missing, or a PIN is wrong."""


class DatabaseError(DosingError):
    """Root of everything the database can answer."""


class DatabaseUnavailableError(DatabaseError):
    """Temporary: unreachable, restarting, out of connections, timed out. Retrying is right."""


class DatabaseAccessError(DatabaseError):
    """Somebody has to act: wrong password, missing right, no schema, schema newer than this program."""


class InvalidRowError(DatabaseError):
    """One row can never be stored as it is (data exception, broken constraint)."""
