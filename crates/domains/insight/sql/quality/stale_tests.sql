-- Active automated tests that have not run for thirty days.
select count(*), count(*) filter (where t.old), coalesce((array_agg(t.key order by t.last_run_at nulls first) filter (where t.old))[1:5], '{}')
  from (select t.key, t.last_run_at, coalesce(t.last_run_at, t.created_at) < now() - interval '30 days' as old
          from quality.test_cases t where t.status = 'active' and t.deleted_at is null and not t.is_template) t
