"""The PyFlink jobs, one folder per scenario; `common` is what they share."""
