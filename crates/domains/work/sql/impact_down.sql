-- One step down the line from some records: what a change of them would touch, by links and by what records say of each other. Affects leads from what
-- affects to what is affected; every other link from its target to its source. A deployment counts while it is the current one.
-- $1 records, $2 rows
with step (from_id, to_id, relation) as (
  select w.id, x.source_id, x.link_type
    from unnest($1::uuid[]) w (id) join work.trace_links x on x.target_id = w.id
   where x.source_id is not null and x.link_type <> 'affects' and /* readable trace-links x.id */ true
  union
  select w.id, x.target_id, x.link_type
    from unnest($1::uuid[]) w (id) join work.trace_links x on x.source_id = w.id
   where x.target_id is not null and x.link_type = 'affects' and /* readable trace-links x.id */ true
  union
  select w.id, x.id, 'part_of'
    from unnest($1::uuid[]) w (id) join work.features x on x.requirement_id = w.id
   where x.id is not null and x.deleted_at is null
  union
  select w.id, x.requirement_id, 'depends_on'
    from unnest($1::uuid[]) w (id) join work.requirement_dependencies x on x.depends_on_requirement_id = w.id
   where x.requirement_id is not null and true
  union
  select w.id, x.id, 'verifies'
    from unnest($1::uuid[]) w (id) join quality.test_cases x on x.feature_id = w.id
   where x.id is not null and x.deleted_at is null
  union
  select w.id, x.test_case_id, x.relation_type
    from unnest($1::uuid[]) w (id) join quality.test_case_relations x on x.related_test_case_id = w.id
   where x.test_case_id is not null and x.relation_type in ('depends_on', 'derived_from')
  union
  select w.id, x.feature_id, 'affects'
    from unnest($1::uuid[]) w (id) join quality.defects x on x.id = w.id
   where x.feature_id is not null and x.deleted_at is null
  union
  select w.id, x.id, 'works_on'
    from unnest($1::uuid[]) w (id) join work.tasks x on x.feature_id = w.id
   where x.id is not null and x.deleted_at is null
  union
  select w.id, x.id, 'works_on'
    from unnest($1::uuid[]) w (id) join work.tasks x on x.change_request_id = w.id
   where x.id is not null and x.deleted_at is null
  union
  select w.id, x.entity_id, 'affects'
    from unnest($1::uuid[]) w (id) join work.change_request_impacts x on x.change_request_id = w.id
   where x.entity_id is not null and /* readable change-request-impacts x.id */ true
  union
  select w.id, x.build_id, 'affects'
    from unnest($1::uuid[]) w (id) join security.vulnerabilities x on x.id = w.id
   where x.build_id is not null and x.deleted_at is null
  union
  select w.id, x.build_id, 'contains'
    from unnest($1::uuid[]) w (id) join delivery.build_commits x on x.commit_id = w.id
   where x.build_id is not null and true
  union
  select w.id, x.id, 'contains'
    from unnest($1::uuid[]) w (id) join delivery.builds x on x.feature_id = w.id
   where x.id is not null and true
  union
  select w.id, x.id, 'deploys'
    from unnest($1::uuid[]) w (id) join delivery.deployments x on x.build_id = w.id
   where x.id is not null and x.status = 'success' and /* readable deployments x.id */ true
      and not exists (
        select from delivery.deployments n
         where n.project_id = x.project_id and n.environment_id = x.environment_id and n.status = 'success' and n.id > x.id
           and n.service_id is not distinct from x.service_id)
  union
  select w.id, x.service_id, 'runs_in'
    from unnest($1::uuid[]) w (id) join delivery.deployments x on x.id = w.id
   where x.service_id is not null and x.status = 'success' and /* readable deployments x.id */ true
      and not exists (
        select from delivery.deployments n
         where n.project_id = x.project_id and n.environment_id = x.environment_id and n.status = 'success' and n.id > x.id
           and n.service_id is not distinct from x.service_id)
  union
  select w.id, x.id, 'found_by'
    from unnest($1::uuid[]) w (id)
    join quality.defects x on x.test_result_id is not null and x.deleted_at is null
    join quality.test_results r on r.project_id = x.project_id and r.id = x.test_result_id and r.test_case_id = w.id
     and /* readable test-results r.id */ true
)
select s.from_id, s.to_id, s.relation
  from step s
  join platform.entities e on e.id = s.to_id and e.deleted_at is null
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
 order by s.from_id, e.entity_type, s.to_id, s.relation
 limit $2
