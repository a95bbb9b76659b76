"""What a prediction says about graphs: those without cycles, the most probable one and draws."""
