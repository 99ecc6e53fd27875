"""`trainer check`: what is wrong with the photos, what to do about it, and moving aside what is in the way."""
