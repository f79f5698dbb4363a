"""Other ways to write the data generator, to compare it with; each is a job's ``main.py``."""
