"""What the jobs share: properties, table definitions. Depends on the standard library and PyFlink alone."""
