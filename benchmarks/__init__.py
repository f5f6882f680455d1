"""Measurements, as ratios or simulations; each module runs by itself."""
