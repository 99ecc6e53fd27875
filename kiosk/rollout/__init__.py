"""Bundles for many kiosks: a file at an https address says which one to run, and which share of them tries the next."""
