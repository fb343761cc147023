-- Requirements of some projects with what their latest results say, as kept by the database.
-- $1 projects, $2 a pattern for titles and keys
select r.project_id, r.id, r.key, e.number, e.status, r.priority_code, p.rank, r.assigned_to_user_id, r.updated_at,
       e.criteria::bigint, e.criteria_proven::bigint, e.tests::bigint, e.passed::bigint, e.failed::bigint, e.errors::bigint, e.skipped::bigint
  from work.requirement_evidence e
  join work.requirements r on r.organization_id = e.organization_id and r.id = e.requirement_id
  join reference.priorities p on p.code = r.priority_code
 where e.project_id = any ($1::uuid[]) and e.deleted_at is null and ($2::text is null or r.title ilike $2 or r.key ilike $2)
   and /* readable requirements r.id */ true
