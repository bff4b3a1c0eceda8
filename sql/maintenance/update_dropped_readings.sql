-- Notes the weeks or chunks of readings that are new, and those that are gone.
SELECT note_dropped_readings()
