-- The hourly view is refreshed so many days back, every 15 minutes.
SELECT add_continuous_aggregate_policy('dosing_consumption_hourly', start_offset => make_interval(days => %(days)s),
                                       end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '15 minutes')
