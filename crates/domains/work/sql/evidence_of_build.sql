-- What the results of one build say about every requirement of a project, in one pass over its links and tests. A test reaches a requirement by
-- a link to it, to one of its criteria or to one of its features, or because it is a test of such a feature. Tests that are no longer active
-- prove nothing and fail nothing. The same rules as in work.refresh_evidence(), which keeps what the latest results say.
-- $1 project, $2 build, $3 a pattern for titles and keys
with verifies as (
  select l.target_id, l.source_id as test_case_id, l.criterion_id
    from work.trace_links l
   where l.project_id = $1 and l.link_type = 'verifies'
), in_build as (
  select distinct on (run.test_case_id) run.test_case_id,
         (array['error', 'failed', 'skipped', 'passed'])[run.worst] as outcome
    from (select x.test_case_id, max(x.id::text) as latest,
                 min(array_position(array['error', 'failed', 'skipped', 'passed'], x.status)) as worst
            from quality.test_results x
           where x.project_id = $1 and x.build_id = $2
           group by x.test_case_id, x.test_run_id) run
   order by run.test_case_id, run.latest desc
), tests as (
  select t.id, t.feature_id, b.outcome
    from quality.test_cases t
    left join in_build b on b.test_case_id = t.id
   where t.project_id = $1 and t.status = 'active' and t.deleted_at is null
), features as (
  select f.id, f.requirement_id
    from work.features f
   where f.project_id = $1 and f.deleted_at is null
), reached as (
  select v.target_id as requirement_id, t.id as test_case_id, t.outcome
    from verifies v join tests t on t.id = v.test_case_id
  union
  select f.requirement_id, t.id, t.outcome
    from verifies v join features f on f.id = v.target_id join tests t on t.id = v.test_case_id
  union
  select f.requirement_id, t.id, t.outcome
    from tests t join features f on f.id = t.feature_id
), by_requirement as (
  select requirement_id, count(*) as tests,
         count(*) filter (where outcome = 'passed') as passed,
         count(*) filter (where outcome = 'failed') as failed,
         count(*) filter (where outcome = 'error') as errors,
         count(*) filter (where outcome = 'skipped') as skipped
    from reached
   group by requirement_id
), by_criterion as (
  select v.criterion_id, bool_or(t.outcome = 'passed') and not bool_or(coalesce(t.outcome in ('failed', 'error'), false)) as proven
    from verifies v join tests t on t.id = v.test_case_id
   where v.criterion_id is not null
   group by v.criterion_id
), criteria as (
  select i.requirement_id, count(*) as criteria, count(*) filter (where c.proven) as proven
    from work.requirement_items i
    left join by_criterion c on c.criterion_id = i.id
   where i.project_id = $1 and i.item_kind = 'acceptance_criterion'
   group by i.requirement_id
)
select r.project_id, r.id, r.key, r.number, r.status, r.priority_code, p.rank, r.assigned_to_user_id, r.updated_at,
       coalesce(c.criteria, 0), coalesce(c.proven, 0),
       coalesce(t.tests, 0), coalesce(t.passed, 0), coalesce(t.failed, 0), coalesce(t.errors, 0), coalesce(t.skipped, 0)
  from work.requirements r
  join reference.priorities p on p.code = r.priority_code
  left join by_requirement t on t.requirement_id = r.id
  left join criteria c on c.requirement_id = r.id
 where r.project_id = $1 and r.deleted_at is null and ($3::text is null or r.title ilike $3 or r.key ilike $3)
   and /* readable requirements r.id */ true
