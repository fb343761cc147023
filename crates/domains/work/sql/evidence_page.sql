-- Requirements of a project that fit, with what their latest results say; the caller adds where the page begins, its order and its length.
-- $1 project, $2 a pattern for titles and keys, $3 standings, $4 statuses, $5 priorities (of each: null for any), $6 an owner and
-- $7 whether having none fits (null and false: any)
select r.project_id, r.id, r.key, e.number, e.status, r.priority_code, p.rank, r.assigned_to_user_id, r.updated_at,
       e.criteria::bigint, e.criteria_proven::bigint, e.tests::bigint, e.passed::bigint, e.failed::bigint, e.errors::bigint, e.skipped::bigint
  from work.requirement_evidence e
  join work.requirements r on r.organization_id = e.organization_id and r.id = e.requirement_id
  join reference.priorities p on p.code = r.priority_code
 where e.project_id = $1 and e.deleted_at is null and ($2::text is null or r.title ilike $2 or r.key ilike $2)
   and /* readable requirements r.id */ true
   and ($3::text[] is null or e.standing = any ($3)) and ($4::text[] is null or e.status = any ($4))
   and ($5::text[] is null or r.priority_code = any ($5)) and (($6::uuid is null and not $7::bool) or r.assigned_to_user_id = $6 or ($7 and r.assigned_to_user_id is null))
