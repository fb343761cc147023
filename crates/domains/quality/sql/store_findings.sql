-- Stores a batch of findings of one report, each at most once in it: made, brought to what the report says, or only seen again; every one gets a
-- sighting. A report of an earlier build than the finding was last heard of in changes nothing but where it was first seen, and one of another
-- branch nothing at all, unless that is the default branch. One row: how many were made, changed and left as they were.
with given as (
  select g.*, string_to_array(g.all_tags, E'\x1f') as tags
  from unnest($6::uuid[], $7::text[], $8::text[], $9::bytea[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::float8[],
              $16::text[], $17::int[], $18::int[], $19::text[], $20::text[], $21::text[], $22::bool[], $23::text[], $24::text[],
              $25::text[], $26::text[], $27::text[], $30::uuid[])
       g (id, tool, scope, fingerprint, rule_id, title, message, level, severity, security_severity, uri, line_number, column_number,
          logical_location, help_uri, all_tags, is_suppressed, suppression, baseline_state, vulnerability, package, package_version, sighting_id)
), matched as (
  -- Each with what is known of it: every part below reads this alone, because the planner takes a few rows for thousands and would compare two such
  -- lists row by row.
  select g.*, f.id as known_id, f.first_seen_build_id as known_first,
         f.id is not null and (
           coalesce($5::int < (select max(b.build_number) from delivery.builds b
                               where b.project_id = $1 and b.id in (f.last_seen_build_id, f.fixed_build_id)), false)
           or ($28::text is not null and not $29::bool
               and $28 is distinct from (select b.git_branch from delivery.builds b
                                         where b.project_id = $1 and b.id = coalesce(f.fixed_build_id, f.last_seen_build_id)))) as is_past,
         f.status = 'fixed'
           or (f.rule_id, f.title, f.message, f.level, f.severity, f.security_severity, f.uri, f.line_number, f.column_number, f.logical_location,
               f.help_uri, f.tags, f.is_suppressed, f.suppression, f.vulnerability, f.package, f.package_version)
              is distinct from
              (g.rule_id, g.title, g.message, g.level, g.severity, g.security_severity::numeric(3,1), g.uri, g.line_number, g.column_number,
               g.logical_location, g.help_uri, g.tags, g.is_suppressed, g.suppression, g.vulnerability, g.package, g.package_version) as differs
  from given g
  left join security.findings f on f.project_id = $1 and f.tool = g.tool and f.scope = g.scope and f.fingerprint = g.fingerprint
), made as (
  insert into security.findings (id, project_id, tool, scope, fingerprint, rule_id, title, message, level, severity, security_severity, uri,
    line_number, column_number, logical_location, help_uri, tags, is_suppressed, suppression, vulnerability, package, package_version,
    first_seen_at, first_seen_build_id, last_seen_at, last_seen_build_id)
  select m.id, $1, m.tool, m.scope, m.fingerprint, m.rule_id, m.title, m.message, m.level, m.severity, m.security_severity::numeric(3,1), m.uri,
         m.line_number, m.column_number, m.logical_location, m.help_uri, m.tags, m.is_suppressed, m.suppression, m.vulnerability, m.package,
         m.package_version, $4, $3, $4, $3
  from matched m
  where m.known_id is null
  returning id
), changed as (
  update security.findings f
     set rule_id = m.rule_id, title = m.title, message = m.message, level = m.level, severity = m.severity,
         security_severity = m.security_severity::numeric(3,1), uri = m.uri, line_number = m.line_number, column_number = m.column_number,
         logical_location = m.logical_location, help_uri = m.help_uri, tags = m.tags, is_suppressed = m.is_suppressed, suppression = m.suppression,
         vulnerability = m.vulnerability, package = m.package, package_version = m.package_version, status = 'open', fixed_at = null,
         fixed_build_id = null, last_seen_at = $4, last_seen_build_id = coalesce($3, f.last_seen_build_id),
         first_seen_build_id = coalesce(f.first_seen_build_id, $3)
    from matched m
   where f.project_id = $1 and f.id = m.known_id and m.differs and not m.is_past
  returning f.id
), seen as (
  update security.findings f
     set last_seen_at = $4, last_seen_build_id = coalesce($3, f.last_seen_build_id), first_seen_build_id = coalesce(f.first_seen_build_id, $3)
    from matched m
   where f.project_id = $1 and f.id = m.known_id and not m.differs and not m.is_past
), earlier as (
  update security.findings f set first_seen_build_id = $3
    from matched m join delivery.builds b on b.project_id = $1 and b.id = m.known_first
   where f.project_id = $1 and f.id = m.known_id and m.is_past and $5::int < b.build_number
), sighted as (
  insert into security.finding_sightings (id, project_id, finding_id, import_id, build_id, level, uri, line_number, column_number, is_suppressed,
    baseline_state, seen_at)
  select m.sighting_id, $1, coalesce(m.known_id, m.id), $2, $3, m.level, m.uri, m.line_number, m.column_number, m.is_suppressed, m.baseline_state, $4
  from matched m
)
select (select count(*) from made), (select count(*) from changed),
       (select count(*) from given) - (select count(*) from made) - (select count(*) from changed)
