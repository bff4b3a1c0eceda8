#!/bin/sh
# Runs once, when the database is made: the roles with their passwords from /run/secrets, as roles.sql says, and what
# database.sql beside it says of the database.
set -eu
secrets=${SECRETS:-/run/secrets}
roles_sql=${ROLES_SQL:-/dosing/roles.sql}
roles="dosing_owner dosing_writer dosing_operator dosing_viewer dosing_telegraf"
for role in $roles; do
  [ -s "$secrets/$role" ] || { echo "$secrets/$role holds no password: run ./make-secrets." >&2; exit 1; }
done
for role in $roles; do
  # read here and sent through a pipe: a password on a command line is seen by everybody on the machine
  printf "%s %s '%s'\n" '\set' "$role" "$(sed "s/\\\\/\\\\\\\\/g; s/'/''/g" "$secrets/$role")"
done | { cat - "$roles_sql" "${roles_sql%/*}/database.sql"
  # this server is the plant's alone: its roles do in no other database what database.sql forbids
  echo 'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;'; } |
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB"
