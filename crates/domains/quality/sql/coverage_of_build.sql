-- The latest coverage of each component of a build. No row when nothing was measured.
select distinct on (c.component) c.component, c.lines_total, c.lines_covered, c.branches_total, c.branches_covered
  from quality.coverage_reports c
 where c.project_id = $1 and c.build_id = $2 and /* readable coverage-reports c.id */ true
 order by c.component, c.id desc
 limit 200
