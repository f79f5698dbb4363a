"""What the jobs share: options, ends, table definitions. Depends only on the standard library and PyFlink."""
