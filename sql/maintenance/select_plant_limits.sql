-- The limits that SQL reads.
SELECT tolerance_g, stock_low_percent
  FROM plant_limits
