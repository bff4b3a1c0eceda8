-- From now on a tank is low to the batches that take from it when less of it than this share of 100 is left.
UPDATE plant_limits
   SET stock_low_percent = %(stock_low_percent)s
