"""Who may reach the kiosk over the network: its certificate, its name, and the tablets paired with it."""
