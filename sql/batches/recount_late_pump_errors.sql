-- Ranges between the doses of a pump, where doses came out of order: of stations with a plausible number of doses, and of what
-- is over. Denser buckets cost seconds each.
SELECT recount_late_pump_errors(20000, true)
