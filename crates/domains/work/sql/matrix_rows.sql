-- The live records of one kind in a project that come behind another, in the order of their making, with what a matrix says of each. What requirements
-- have in criteria is kept by the database. No row behind the last.
-- $1 project, $2 kind, $3 the last one of the part before, $4 rows, $5 a pattern for titles and keys, $6 statuses (of these two, null for any)
select e.id, k.key, e.title, e.status, coalesce(u.display_name, u.email), v.criteria::bigint, v.criteria_proven::bigint, v.standing,
       c.last_run_status, c.last_flipped_at, c.last_run_at, b.build_number
  from (
    select e.id, e.entity_type, e.title, e.status, e.owner_user_id
      from platform.entities e
     where e.project_id = $1 and e.entity_type = $2 and e.deleted_at is null and ($3::uuid is null or e.id > $3)
       and ($6::text[] is null or e.status = any ($6))
       and ($5::text is null or e.title ilike $5
            or exists (select from work.entity_keys x where x.project_id = $1 and x.entity_id = e.id and x.key ilike $5))
       and case e.entity_type
         when 'requirement' then /* readable requirements e.id */ true
         when 'feature' then /* readable features e.id */ true
         when 'task' then /* readable tasks e.id */ true
         when 'change_request' then /* readable change-requests e.id */ true
         when 'decision' then /* readable decisions e.id */ true
         when 'document' then /* readable documents e.id */ true
         when 'test_case' then /* readable test-cases e.id */ true
         when 'defect' then /* readable defects e.id */ true
         when 'vulnerability' then /* readable vulnerabilities e.id */ true
         when 'commit' then /* readable commits e.id */ true
         when 'build' then /* readable builds e.id */ true
         when 'deployment' then /* readable deployments e.id */ true
         else false end
     order by e.id
     limit $4) e
  left join lateral (
    select x.key from work.entity_keys x where x.project_id = $1 and x.entity_id = e.id order by x.created_at desc, x.key limit 1) k on true
  left join work.requirement_evidence v on e.entity_type = 'requirement' and v.project_id = $1 and v.requirement_id = e.id
  left join quality.test_cases c on e.entity_type = 'test_case' and c.project_id = $1 and c.id = e.id
  left join delivery.builds b on e.entity_type = 'build' and b.project_id = $1 and b.id = e.id
  left join identity.users u on u.id = coalesce(e.owner_user_id, c.owner_user_id)
 order by e.id
