"""`kiosk check`: one file a part of the kiosk; check.py tries them all."""
