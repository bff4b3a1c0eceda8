-- Every version of the plant's tolerance rules, oldest first.
SELECT definition, version, valid_from
  FROM tolerance_rules
 ORDER BY version
