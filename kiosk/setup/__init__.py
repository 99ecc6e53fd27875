"""`kiosk setup`: walks an owner through the first start, and writes the config."""
