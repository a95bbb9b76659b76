"""How good a prediction is: metrics, simple scores to compare with, and the comparison on simulated data."""
