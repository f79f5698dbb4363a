"""The rows of the table in ``flink_apps/pulse/README.md``, and the tests that prove them."""

TESTS = {
    "an interval that is no integer from 1 to 60000": (
        "test_options.a_value_that_is_no_integer_in_range_is_refused_with_name_rule_value_and_fix"
    ),
}
