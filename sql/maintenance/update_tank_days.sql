-- Closes days of a station's tanks that are over; returns how many.
SELECT close_tank_days(%(device)s::text, %(tz)s::text, 30)
