-- How long the rows of each table are kept.
SELECT table_name, keep_days, is_decided FROM data_retention ORDER BY table_name
