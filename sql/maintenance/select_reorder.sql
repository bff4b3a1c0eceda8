-- What the reorder point of a tank is made of: production days from order to delivery, and the safety factor.
SELECT reorder_lead_days, reorder_z
  FROM plant_limits
