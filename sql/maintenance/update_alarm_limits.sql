-- Set the limits of the alarms; they count from now on.
UPDATE alarm_limits
   SET definition = %(definition)s
