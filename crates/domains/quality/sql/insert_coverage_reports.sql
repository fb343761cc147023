-- Stores coverage of the whole (an empty component) and of its parts.
insert into quality.coverage_reports (id, project_id, build_id, import_id, component, format, lines_total, lines_covered, branches_total,
  branches_covered, reported_at)
select c.id, $1, $2::uuid, $3, c.component, $4, c.lines_total, c.lines_covered, c.branches_total, c.branches_covered, $5
from unnest($6::uuid[], $7::text[], $8::int[], $9::int[], $10::int[], $11::int[])
     c (id, component, lines_total, lines_covered, branches_total, branches_covered)
