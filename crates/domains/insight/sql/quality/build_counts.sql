-- Counts of builds against their results: of the fifty latest.
select count(*), count(*) filter (where c.off), coalesce((array_agg('#' || c.build_number order by c.build_number) filter (where c.off))[1:5], '{}')
  from (select b.build_number, (b.tests_run, b.tests_passed, b.tests_failed) is distinct from (n.ran, n.passed, n.ran - n.passed) as off
          from (select * from delivery.builds b where b.created_at > now() - interval '1 year' order by b.id desc limit 50) b
         cross join lateral (
           select (count(*) filter (where r.status <> 'skipped'))::int as ran, (count(*) filter (where r.status = 'passed'))::int as passed
             from quality.test_results r where r.build_id = b.id) n) c
