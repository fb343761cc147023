-- One finding of a project, with who decided about it and the builds it was first and last seen in and gone from. No row when there is none.
-- Parameters: project, finding.
select f.id, f.title, f.state, f.severity, f.tool, f.rule_id, f.uri, f.line_number, f.last_seen_at, f.scope, f.message, f.level,
       f.security_severity::float8 as score, f.column_number, f.logical_location, f.help_uri, f.tags, f.is_suppressed, f.suppression, f.triage,
       f.triage_reason, f.triage_expires_at, f.triaged_at, coalesce(u.display_name, u.email) as triaged_by, f.first_seen_at, f.fixed_at,
       a.build_number as first_build, z.build_number as last_build, x.build_number as fixed_build
  from security.v_findings f
  left join identity.users u on u.id = f.triaged_by
  left join delivery.builds a on a.project_id = f.project_id and a.id = f.first_seen_build_id and /* readable builds a.id */ true
  left join delivery.builds z on z.project_id = f.project_id and z.id = f.last_seen_build_id and /* readable builds z.id */ true
  left join delivery.builds x on x.project_id = f.project_id and x.id = f.fixed_build_id and /* readable builds x.id */ true
 where f.project_id = $1 and f.id = $2 and /* readable findings f.id */ true
