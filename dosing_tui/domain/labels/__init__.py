"""Short labels of stations, chemicals and recipes, distinct among those shown together."""
