-- What the hourly view shows, for whoever finds it in the database.
COMMENT ON VIEW dosing_consumption_hourly IS
    'Doses by hour. The newest hours are computed as it is read; a dose that comes later for an earlier hour is in it after the next refresh: 15 minutes within the window of its policy, an hour before it.';
