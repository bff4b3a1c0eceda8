-- The limits of the alarms: JSON, and that of low stock in percent.
SELECT a.definition, p.stock_low_percent
  FROM alarm_limits AS a
 CROSS JOIN plant_limits AS p
