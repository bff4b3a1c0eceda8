-- Closes days of a station's pumps that are over; returns of how many targets, 0 when none is left.
SELECT close_pump_days(%(device)s::text)
