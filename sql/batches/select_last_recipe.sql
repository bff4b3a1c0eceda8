-- The newest version of a recipe.
SELECT version, definition
  FROM recipe_masters
 WHERE recipe = %(recipe)s AND mode = %(mode)s
 ORDER BY version DESC
 LIMIT 1
