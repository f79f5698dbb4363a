"""The rows of the table in ``README.md``, and the tests that prove them."""

TESTS = {
    "the job, or a replay, restarts": (
        "test_restarts.each_cause_is_told_when_it_is_a_new_one_with_the_number_of_restarts "
        "test_restarts.a_run_goes_on_where_records_get_through_between_restarts "
        "test_feeders.one_that_restarts_is_told"
    ),
    "nothing gets through for a minute, or the job fails three times at its start": (
        "test_restarts.a_job_that_restarts_while_nothing_gets_through_for_a_minute_ends_the_run_with_its_cause "
        "test_restarts.a_job_that_fails_three_times_at_its_start_ends_the_run_at_once"
    ),
    "a job calls what the template does not allow its role": (
        "test_cli.what_the_jobs_call_is_told_and_a_call_that_is_not_allowed_is_an_error "
        "test_permissions_verdict.a_refused_call_is_told_with_role_action_and_resource"
    ),
    "a server does not start, or a tool is missing": (
        "test_process.a_server_that_ends_while_it_starts_is_an_error_with_its_last_words "
        "test_prometheus_service.without_prometheus_and_apt_the_ways_to_get_it_are_named"
    ),
    "the path of the project has blanks or letters that are not ASCII": (
        "test_odd_path.a_job_with_a_python_function_runs_and_no_link_stays_behind"
    ),
    "`HTTP_PROXY` and the like are set": ("test_loopback.every_client_reaches_a_server_of_this_machine_past_the_proxy"),
    "git converts line ends (`core.autocrlf`)": "test_line_ends.a_clone_has_the_bytes_of_the_repository",
    "the folder belongs to another user": (
        "test_permissions.the_set_up_begins_in_a_folder_that_the_user_can_write "
        "test_permissions.a_run_in_a_folder_of_somebody_else_is_one_line_and_status_1"
    ),
}
