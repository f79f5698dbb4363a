"""What comes after a deployment: see, start, stop, change and explain running applications."""
