"""The role that changes the schema: the tables' owner, for any of its members."""

from psycopg.sql import SQL, Identifier

from dosing_tui.database.connection import Session
from dosing_tui.errors import DatabaseAccessError

_OWNER_QUERY = """
SELECT current_user, pg_get_userbyid(c.relowner), pg_has_role(current_user, c.relowner, 'MEMBER'),
       current_database()
  FROM (SELECT to_regclass('public.dosing_consumption') AS oid) AS t LEFT JOIN pg_class AS c USING (oid)
"""

_RIGHTS_QUERY = """
SELECT current_user, current_database(), has_schema_privilege('public', 'CREATE'),
       %(schema)s = '' OR to_regnamespace(%(schema)s) IS NOT NULL
       OR has_database_privilege(current_database(), 'CREATE')
"""


def may_become_owner(session: Session) -> bool:
    ((user, owner, member, _database),) = session.execute(_OWNER_QUERY)
    return owner in (None, user) or bool(member)


def become_owner(session: Session) -> None:
    """SET ROLE to the owner of the dosing tables, if there are any: it owns new objects, too.

    Raises: DatabaseAccessError, if the user may not.
    """
    ((user, owner, member, database),) = session.execute(_OWNER_QUERY)
    if owner is None or owner == user:
        return
    if not member:
        raise DatabaseAccessError(
            f"User {user} may not do this in database {database}: its tables belong to {owner}. "
            f"Connect as {owner}, or as a member of that role."
        )
    session.execute(SQL("SET ROLE {}").format(Identifier(owner)))


def check_create_right(session: Session, *, schema: str) -> None:
    """Check the rights to create objects. ``schema``: one to be created if missing; '' for none.

    Raises: DatabaseAccessError, naming the right that is missing.
    """
    ((user, database, in_schema, in_database),) = session.execute(_RIGHTS_QUERY, {"schema": schema})
    for right, place in ((in_schema, "schema public"), (in_database, f"database {database}")):
        if not right:
            raise DatabaseAccessError(
                f"User {user} may not change the schema of database {database}: it lacks CREATE on {place}."
            )
