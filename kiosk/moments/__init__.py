"""Hard moments: what the kiosk got wrong, kept on this device for the next training where the owner wants it."""
