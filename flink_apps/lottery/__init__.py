"""Lottery: players with coupons click on prizes, and every window of event time has a winner."""
