-- Every version of every recipe.
SELECT definition, version, valid_from
  FROM recipe_masters
 ORDER BY recipe, mode, version
