-- One test case by its key, or an earlier key of it. No row when there is none.
select t.id, t.key, t.name, t.description, t.test_type, t.status, t.last_run_status, t.last_run_at, t.run_count, t.pass_count, t.fail_count,
       t.row_version, place.suite_path, place.class_name
  from work.entity_keys k
  join quality.test_cases t on t.project_id = k.project_id and t.id = k.entity_id and t.deleted_at is null
  left join lateral (select a.suite_path, a.class_name from quality.test_case_aliases a
                      where a.project_id = t.project_id and a.test_case_id = t.id order by a.id desc limit 1) place on true
 where k.project_id = $1 and k.key = $2 and /* readable test-cases t.id */ true
