"""`trainer tune`: which vote finds most and sells least that is wrong, on simulated presentations of photos."""
