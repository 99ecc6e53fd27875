"""Builds the bundle that the kiosk runs, from photos, on a workstation."""
