-- The runs of a build whose results may be exported, with how these ended. Parameters: project, build.
select n.id, n.name, n.environment, n.shard, coalesce(n.started_at, min(r.executed_at)) as started_at, n.duration_ms,
       count(*) as tests, count(*) filter (where r.status = 'failed') as failures, count(*) filter (where r.status = 'error') as errors,
       count(*) filter (where r.status = 'skipped') as skipped
from quality.test_results r
left join quality.test_runs n on n.project_id = r.project_id and n.id = r.test_run_id
where r.project_id = $1 and r.build_id = $2 and /* readable test-results r.id */ true
group by n.id, n.name, n.environment, n.shard, n.started_at, n.duration_ms
order by n.id
