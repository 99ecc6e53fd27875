"""A kiosk for the counter of an honesty store: camera, recognition, sales, till."""
