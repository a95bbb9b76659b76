"""What a user brings and a simulator makes: tables, interventions, datasets, and whether they can be used."""
