-- The requirements of a project that ask for work first: what fails, then gaps, then what is partly proven; of each the newest, so that a page costs
-- a page: a standing is a range of one, ordered, because there may be none of it. No row when all is proven.
-- $1 project, $2 how many at most
select r.project_id, r.id, r.key, e.number, e.status, r.priority_code, p.rank, r.assigned_to_user_id, r.updated_at,
       e.criteria::bigint, e.criteria_proven::bigint, e.tests::bigint, e.passed::bigint, e.failed::bigint, e.errors::bigint, e.skipped::bigint
  from unnest(array[2, 1, 3]::smallint[]) with ordinality k(standing_rank, at)
 cross join lateral (
   select * from work.requirement_evidence x
    where x.organization_id = platform.current_organization() and x.project_id = $1 and x.standing_rank >= k.standing_rank
      and x.standing_rank <= k.standing_rank
      and x.status <> 'rejected' and x.deleted_at is null and /* readable requirements x.requirement_id */ true
    order by x.standing_rank desc, x.number desc limit $2) e
  join work.requirements r on r.organization_id = e.organization_id and r.id = e.requirement_id
  join reference.priorities p on p.code = r.priority_code
 order by k.at, e.number desc
 limit $2
