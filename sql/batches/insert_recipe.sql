-- Add a version of a recipe.
SELECT add_recipe_version(%(recipe)s, %(mode)s, %(valid_from)s, %(definition)s, %(who)s)
