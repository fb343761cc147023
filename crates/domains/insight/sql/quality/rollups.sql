-- Results by day against the results: of the ten latest days of builds.
select count(*), count(*) filter (where d.off), coalesce((array_agg(d.day::text order by d.day) filter (where d.off))[1:5], '{}')
  from (select d.day, (d.passed, d.failed, d.errors, d.skipped, d.duration_ms) is distinct from (n.passed, n.failed, n.errors, n.skipped, n.duration) as off
          from (select * from analytics.rollup_results_daily d where d.day > current_date - 365 order by d.day desc limit 10) d
         cross join lateral (
           select count(*) filter (where r.status = 'passed') as passed, count(*) filter (where r.status = 'failed') as failed,
                  count(*) filter (where r.status = 'error') as errors, count(*) filter (where r.status = 'skipped') as skipped,
                  coalesce(sum(r.duration_ms), 0)::bigint as duration
             from (select r.status, r.duration_ms
                     from delivery.builds b join quality.test_results r on r.build_id = b.id and r.project_id = b.project_id
                    where b.project_id = d.project_id and (coalesce(b.started_at, b.created_at) at time zone 'UTC')::date = d.day
                   union all
                   select r.status, r.duration_ms from quality.test_results r
                    where r.project_id = d.project_id and r.build_id is null and (r.executed_at at time zone 'UTC')::date = d.day
                      and r.id >= platform.uuid_v7_floor(now() - interval '1 year')) r) n) d
