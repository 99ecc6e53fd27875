"""How a bundle comes onto this device: brought in whole, tried on the golden images, only then switched to."""
