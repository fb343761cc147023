-- Results of one run of a build that may be exported, in the order of their file. Parameters: project, build, run (null: of none), the last one before, rows.
select r.id, r.name, r.parameters, r.status, r.attempts, r.duration_ms, r.error_message, r.error_stacktrace, r.system_out, r.system_err, r.properties,
       place.class_name, t.name as case_name
from quality.test_results r
join quality.test_cases t on t.project_id = r.project_id and t.id = r.test_case_id
left join lateral (select a.class_name from quality.test_case_aliases a
                   where a.project_id = r.project_id and a.test_case_id = r.test_case_id order by a.id desc limit 1) place on true
where r.project_id = $1 and r.build_id = $2 and r.test_run_id is not distinct from $3::uuid and ($4::uuid is null or r.id > $4::uuid)
  and /* readable test-results r.id */ true
order by r.id
limit $5
