-- What batches are judged by where the recipe master does not say: the error in g that is allowed, low stock in percent.
SELECT tolerance_g, stock_low_percent
  FROM plant_limits
