"""The kiosk in real Debian systems under real systemd: `make test-systemd`, as root on Debian."""
