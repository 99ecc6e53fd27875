"""Makes the parts of a kiosk out of its config. Each part is handed its own small settings, never the whole."""
