"""`kiosk bench`: what this device takes for a frame, for a start, and in memory."""
