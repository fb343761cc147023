-- The live records of a project that some texts name, as far as the actor may read them: by key, by identifier, commits by their hash, and tests by the
-- name under which their results come in. No row for a text that names nothing; several where several tests have the name.
-- $1 project, $2 keys in capitals, $3 identifiers, $4 hashes of commits, $5 other texts
with named as (
  select k.key as text, k.entity_id as id from work.entity_keys k where k.project_id = $1 and k.key = any ($2::text[])
  union
  select i::text, i from unnest($3::uuid[]) i
  union
  select c.commit_hash, c.id from delivery.commits c where c.project_id = $1 and c.commit_hash = any ($4::text[])
  union
  select w.text, c.id
    from quality.test_cases c
   cross join lateral (
     -- In code a test has the last part of the name under which it is reported, such as payments::refunds_once or Payments.refunds_once.
     select n as text from unnest(array[c.name, substring(c.name from '([[:alnum:]_]+)[()]*$')]) n) w
   where c.project_id = $1 and c.deleted_at is null and w.text = any ($5::text[])
  union
  select a.case_name, a.test_case_id from quality.test_case_aliases a where a.project_id = $1 and a.case_name = any ($5::text[])
)
select n.text, e.id, e.entity_type
  from named n
  join platform.entities e on e.project_id = $1 and e.id = n.id and e.deleted_at is null
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
