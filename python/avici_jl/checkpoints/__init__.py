"""Models and runs on disk: no training, no evaluation."""
