-- The level in percent below which a tank is low in a batch's assessment.
SELECT stock_low_percent
  FROM plant_limits
