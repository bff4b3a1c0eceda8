"""Whether a session at rest is still there, without asking the server as long as nothing hints at its end."""

import select

import psycopg
from psycopg.rows import TupleRow


def check_session(session: psycopg.Connection[TupleRow]) -> None:
    """Of a pool, before each use. Raises: psycopg.Error, if the server has ended the session.

    To ask the server costs much of what a panel does. A session at rest is sent nothing: what there is to
    read is the server's last word, the end of the connection, or a message that ``execute`` takes.
    """
    arrivals = select.poll()
    arrivals.register(session.fileno(), select.POLLIN)
    if arrivals.poll(0):
        session.execute("")
