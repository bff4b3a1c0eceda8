"""Reasons why the database cannot be used, without its name: in a narrow place only the beginning is seen."""

import re

_DATABASE_NAME = re.compile(r"^The database .{1,200}? \(user [^)]*\) ")


def drop_database_name(reason: str, instead: str = "") -> str:
    """The reason with ``instead`` in place of the database's name, address and user.

    >>> drop_database_name("The database plant on db.plant (user dosing) does not answer.", "Database ")
    'Database does not answer.'
    """
    return _DATABASE_NAME.sub(instead, reason)
