-- The live record that a caller means, as far as they may read it: by identifier, or by key in the project of that slug or in any. Several rows when
-- several projects have the key.
-- $1 identifier, $2 key, $3 slug
select e.id
  from platform.entities e
 where e.deleted_at is null
   and e.id in (
     select $1::uuid
     union all
     select k.entity_id from work.entity_keys k join work.projects p on p.id = k.project_id and p.deleted_at is null
      where k.key = $2::text and ($3::text is null or p.slug = $3))
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
         when 'service' then /* readable services e.id */ true
         else false end
 limit 2
