"""A model made of a run: calibrated, measured, with its card."""
