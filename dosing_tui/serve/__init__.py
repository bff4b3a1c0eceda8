"""The console in a browser: one process for each page that is open."""
