-- How many requirements of some projects stand and are in which state, with what they add up to. No row for what does not occur.
-- $1 projects
select e.project_id, e.standing, e.status, count(*), sum(e.criteria), sum(e.criteria_proven), count(*) filter (where e.tests = 0)
  from work.requirement_evidence e
 where e.project_id = any ($1::uuid[]) and e.deleted_at is null and /* readable requirements e.requirement_id */ true
 group by e.project_id, e.standing, e.status
