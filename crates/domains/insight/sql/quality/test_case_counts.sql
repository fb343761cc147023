-- Counts of test cases against their results: of the hundred that ran last, those younger than results are kept.
select count(*), count(*) filter (where c.off), coalesce((array_agg(c.key order by c.key) filter (where c.off))[1:5], '{}')
  from (select t.key, (t.run_count, t.pass_count, t.fail_count) is distinct from (n.ran, n.passed, n.ran - n.passed) as off
          from (select * from quality.test_cases t where t.run_count > 0 and t.created_at > now() - interval '1 year'
                 order by t.last_run_at desc limit 100) t
         cross join lateral (
           select count(*) filter (where r.status <> 'skipped') as ran, count(*) filter (where r.status = 'passed') as passed
             from quality.test_results r where r.test_case_id = t.id) n) c
