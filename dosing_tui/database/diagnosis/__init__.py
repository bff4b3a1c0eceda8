"""Facts about the database for ``dosing-tui doctor``: read only, judged elsewhere."""
