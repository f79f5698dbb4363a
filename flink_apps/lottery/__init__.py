"""Prizes shown one after another; players who hold coupons click; each window of event time has a winner."""
