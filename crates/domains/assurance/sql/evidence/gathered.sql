-- What a bundle holds of a project in which a build stands to be shown, all seen at one moment: a row for each record, with the part it belongs to.
-- Parameters: project, build, baseline or null. Whoever asks has shown that they may read all of it.
with outcome as materialized (
  select o.test_case_id, o.outcome from delivery.outcomes_in($1, $2) o
), latest as materialized (
  select distinct on (x.test_case_id) x.test_case_id, x.test_run_id, x.executed_at
    from quality.test_results x
   where x.project_id = $1 and x.build_id = $2
   order by x.test_case_id, x.id desc
), linked as materialized (
  select l.criterion_id, l.target_id, t.id as test_id, t.key, o.outcome
    from work.trace_links l
    join quality.test_cases t on t.project_id = l.project_id and t.id = l.source_id and t.status = 'active' and t.deleted_at is null
    left join outcome o on o.test_case_id = t.id
   where l.project_id = $1 and l.link_type = 'verifies'
), changed as materialized (
  select d.record_id, d.change from work.baseline_differences($3, null) d
   where $3::uuid is not null and d.kind in ('requirement', 'acceptance_criterion')
), required as materialized (
  select r.id, r.key, r.title, r.description, r.status, r.priority_code
    from work.requirements r
   where $3::uuid is null and r.project_id = $1 and r.deleted_at is null
  union all
  select i.record_id, i.content ->> 'key', i.content ->> 'title', i.content ->> 'description', i.content ->> 'status', i.content ->> 'priority_code'
    from work.baseline_items i
   where i.baseline_id = $3 and i.project_id = $1 and i.kind = 'requirement'
), criterion as materialized (
  select i.id, i.requirement_id, i.position, i.body
    from work.requirement_items i
   where $3::uuid is null and i.project_id = $1 and i.item_kind = 'acceptance_criterion'
  union all
  select i.record_id, r.id, (i.content ->> 'position')::integer, i.content ->> 'body'
    from work.baseline_items i
    join required r on r.key = i.content ->> 'requirement'
   where i.baseline_id = $3 and i.project_id = $1 and i.kind = 'acceptance_criterion'
), proof as materialized (
  select l.criterion_id, jsonb_agg(l.key order by length(l.key), l.key) as tests,
         case when bool_or(l.outcome in ('failed', 'error')) then 'failing' when bool_or(l.outcome = 'passed') then 'proven' else 'not_run' end as state
    from linked l
   where l.criterion_id is not null
   group by l.criterion_id
), criteria as materialized (
  select c.requirement_id,
         jsonb_agg(jsonb_build_object('position', c.position, 'text', c.body, 'proof', coalesce(p.state, 'no_test'), 'tests', coalesce(p.tests, '[]'),
                                      'since_baseline', d.change) order by c.position) as list
    from criterion c
    left join proof p on p.criterion_id = c.id
    left join changed d on d.record_id = c.id
   group by c.requirement_id
), whole as materialized (
  select l.target_id, jsonb_agg(l.key order by length(l.key), l.key) as tests from linked l where l.criterion_id is null group by l.target_id
), gathered (part, place, name, content) as (
  select 'requirement', 0::bigint, r.key, jsonb_build_object(
           'key', r.key, 'title', r.title, 'description', r.description, 'status', r.status, 'priority', r.priority_code,
           'criteria', coalesce(c.list, '[]'), 'tests', coalesce(w.tests, '[]'), 'since_baseline', d.change)
    from required r
    left join criteria c on c.requirement_id = r.id
    left join whole w on w.target_id = r.id
    left join changed d on d.record_id = r.id
  union all
  select 'test', 0, t.key, jsonb_build_object(
           'key', t.key, 'name', t.name, 'level', t.test_type, 'status', t.status, 'outcome', coalesce(o.outcome, 'not_run'), 'at', x.executed_at,
           'report_sha256', encode(i.content_sha256, 'hex'), 'set_aside_until', q.expires_at)
    from quality.test_cases t
    left join outcome o on o.test_case_id = t.id
    left join latest x on x.test_case_id = t.id
    left join quality.test_runs run on run.project_id = t.project_id and run.id = x.test_run_id
    left join platform.imports i on i.project_id = t.project_id and i.id = run.import_id
    left join lateral (
      select max(q.expires_at) as expires_at from quality.test_quarantines q
       where q.test_case_id = t.id and q.ended_at is null and q.expires_at > now()) q on true
   where t.project_id = $1 and t.deleted_at is null
     and (o.test_case_id is not null or t.id in (select l.test_id from linked l))
  union all
  select 'defect', array_position(array['critical', 'high', 'medium', 'low'], d.severity), d.key, jsonb_build_object(
           'key', d.key, 'title', d.title, 'severity', d.severity, 'status', d.status, 'affected_version', d.affected_version, 'reported_at', d.created_at)
    from quality.defects d
   where d.project_id = $1 and d.deleted_at is null and d.status in ('open', 'assigned', 'in_progress')
  union all
  select 'finding', array_position(array['critical', 'high', 'medium', 'low', 'info'], f.severity), f.title, jsonb_build_object(
           'name', f.title, 'tool', f.tool, 'rule', f.rule_id, 'severity', f.severity, 'state', f.state, 'file', f.uri, 'line', f.line_number,
           'first_seen_at', f.first_seen_at)
    from security.v_findings f
   where f.project_id = $1 and f.state in ('open', 'confirmed')
  union all
  select 'vulnerability', array_position(array['critical', 'high', 'medium', 'low', 'info'], v.severity), coalesce(v.cve_id, v.key), jsonb_build_object(
           'name', coalesce(v.cve_id, v.key), 'title', v.title, 'severity', v.severity, 'state', v.status, 'source', 'record ' || v.key)
    from security.vulnerabilities v
   where v.project_id = $1 and (v.build_id = $2 or v.build_id is null) and v.deleted_at is null and v.status in ('open', 'acknowledged')
  union all
  select 'vulnerability', array_position(array['critical', 'high', 'medium', 'low', 'info'], s.severity), s.identifier, jsonb_build_object(
           'name', s.identifier, 'title', s.description, 'severity', s.severity, 'state', s.state,
           'source', 'bill of materials' || coalesce(' ' || b.serial_number, ''))
    from security.sboms b
    join security.vulnerability_statements s on s.project_id = b.project_id and s.sbom_id = b.id
   where b.project_id = $1 and b.build_id = $2 and s.state in ('open', 'confirmed')
  union all
  select 'suspect_link', 0, coalesce(a.key, l.source_id::text), jsonb_build_object(
           'name', coalesce(a.key, l.source_id::text) || ' ' || replace(l.link_type, '_', ' ') || ' ' || coalesce(z.key, l.target_id::text),
           'since', l.suspect_since)
    from work.trace_links l
    left join lateral (select k.key from work.entity_keys k where k.project_id = $1 and k.entity_id = l.source_id order by length(k.key), k.key limit 1) a on true
    left join lateral (select k.key from work.entity_keys k where k.project_id = $1 and k.entity_id = l.target_id order by length(k.key), k.key limit 1) z on true
   where l.project_id = $1 and l.suspect_since is not null
  union all
  select 'waiver', 0, f.title, jsonb_build_object(
           'name', f.title, 'kind', 'finding', 'decision', f.state, 'severity', f.severity,
           'reason', case when f.state = 'suppressed' then f.suppression else f.triage_reason end,
           'by', case when f.state <> 'suppressed' then coalesce(u.display_name, u.email) end,
           'at', case when f.state <> 'suppressed' then f.triaged_at end,
           'until', case when f.state <> 'suppressed' then f.triage_expires_at end)
    from security.v_findings f
    left join identity.users u on u.id = f.triaged_by
   where f.project_id = $1 and f.state in ('accepted', 'wont_fix', 'false_positive', 'suppressed')
  union all
  select 'waiver', 1, t.key, jsonb_build_object(
           'name', t.key, 'kind', 'test', 'decision', 'set_aside', 'severity', null, 'reason', q.reason,
           'by', coalesce(u.display_name, u.email), 'at', q.created_at, 'until', q.expires_at)
    from quality.test_quarantines q
    join quality.test_cases t on t.project_id = q.project_id and t.id = q.test_case_id and t.deleted_at is null
    left join identity.users u on u.id = q.created_by
   where q.project_id = $1 and q.ended_at is null and q.expires_at > now()
  union all
  select 'waiver', 2, s.identifier, jsonb_build_object(
           'name', s.identifier, 'kind', 'vulnerability', 'decision', s.analysis_state, 'severity', s.severity,
           'reason', coalesce(s.detail, s.justification), 'by', coalesce(u.display_name, u.email), 'at', s.stated_at, 'until', null)
    from security.sboms b
    join security.vulnerability_statements s on s.project_id = b.project_id and s.sbom_id = b.id
    left join identity.users u on u.id = s.created_by
   where b.project_id = $1 and b.build_id = $2 and s.state = 'false_positive'
  union all
  select 'deployment', -extract(epoch from d.created_at)::bigint, e.name, jsonb_build_object(
           'name', d.version || ' in ' || e.name, 'environment', e.name, 'tier', e.tier, 'service', v.name, 'version', d.version, 'status', d.status,
           'at', coalesce(d.deployed_at, d.completed_at, d.started_at, d.created_at), 'by', coalesce(u.display_name, u.email), 'by_kind', u.kind,
           'approved_by', coalesce(a.display_name, a.email), 'remark', coalesce(d.rollback_reason, d.approval_notes),
           'runs_there_now', d.status = 'success' and not exists (
             select from delivery.deployments n
              where n.project_id = d.project_id and n.environment_id = d.environment_id and n.status = 'success' and n.id > d.id
                and n.service_id is not distinct from d.service_id))
    from delivery.deployments d
    join delivery.environments e on e.id = d.environment_id
    left join platform.services v on v.id = d.service_id
    left join identity.users u on u.id = d.deployed_by
    left join identity.users a on a.id = d.approved_by
   where d.project_id = $1 and d.build_id = $2
  union all
  select 'commit', l.position, c.commit_hash, jsonb_build_object(
           'name', c.commit_hash, 'subject', split_part(c.message, E'\n', 1), 'at', c.committed_at)
    from delivery.build_commits l
    join delivery.commits c on c.project_id = l.project_id and c.id = l.commit_id
   where l.project_id = $1 and l.build_id = $2
  union all
  select 'artifact', 0, coalesce(a.path, a.image_url, 'a stored file'), jsonb_build_object(
           'name', coalesce(a.path, a.image_url, 'a stored file'), 'kind', a.artifact_kind, 'image', a.image_url, 'size_bytes', a.size_bytes,
           'sha256', encode(a.checksum_sha256, 'hex'))
    from delivery.build_artifacts a
   where a.project_id = $1 and a.build_id = $2
  union all
  select 'report', 0, i.file_name, jsonb_build_object(
           'name', i.file_name, 'format', i.format, 'status', i.status, 'size_bytes', i.size_bytes, 'sha256', encode(i.content_sha256, 'hex'),
           'at', coalesce(i.completed_at, i.created_at))
    from platform.imports i
   where i.project_id = $1 and i.build_id = $2
  union all
  select 'bill_of_materials', 0, coalesce(b.subject_name, 'a product without a name'), jsonb_build_object(
           'name', coalesce(b.subject_name, 'a product without a name'), 'version', b.subject_version, 'serial_number', b.serial_number,
           'spec_version', b.spec_version, 'components', b.components_count, 'report_sha256', encode(i.content_sha256, 'hex'))
    from security.sboms b
    left join platform.imports i on i.project_id = b.project_id and i.id = b.import_id
   where b.project_id = $1 and b.build_id = $2
)
select g.part, g.content::text from gathered g
 order by g.part, g.place, length(g.name), g.name collate "C", g.content::text collate "C"
