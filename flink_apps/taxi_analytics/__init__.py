"""Taxi analytics: where taxis are wanted, and how long the ride to the airports is, live."""
