"""The running kiosk: what its process starts, tells, keeps alive and reloads."""
