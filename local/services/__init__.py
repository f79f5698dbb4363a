"""The local counterparts of AWS resources."""
