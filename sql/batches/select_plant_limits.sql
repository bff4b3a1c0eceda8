-- The limits of an assessment where the recipe has none: tolerance in g, low stock in percent.
SELECT tolerance_g, stock_low_percent
  FROM plant_limits
