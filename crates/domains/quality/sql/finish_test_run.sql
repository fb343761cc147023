-- Adds to a run what is known only at the end of its file, and gives what was counted.
update quality.test_runs
set name = $2::text, started_at = $3::timestamptz, duration_ms = $4::bigint, declared_counts = $5::jsonb, properties = $6::jsonb
where id = $1
returning tests_total, tests_passed, tests_failed, tests_errored, tests_skipped
