-- Stores results, in the order given. The counts of builds, runs and test cases follow by themselves.
insert into quality.test_results (id, project_id, test_run_id, build_id, execution_environment, test_case_id, name, parameters, status, attempts,
  duration_ms, error_message, error_stacktrace, system_out, system_err, properties, executed_at)
select r.id, $1, $2, $3::uuid, $4::text, r.test_case_id, r.name, r.parameters, r.status, r.attempts, r.duration_ms, r.error_message,
       r.error_stacktrace, r.system_out, r.system_err, r.properties::jsonb, r.executed_at
from unnest($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::int[], $11::bigint[], $12::text[], $13::text[], $14::text[],
            $15::text[], $16::text[], $17::timestamptz[])
     r (id, test_case_id, name, parameters, status, attempts, duration_ms, error_message, error_stacktrace, system_out, system_err, properties,
        executed_at)
