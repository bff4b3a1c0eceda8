"""Controllers: each acts on the keys of one subject and is given what it needs."""
