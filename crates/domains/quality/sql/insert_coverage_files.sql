-- Stores coverage of the files of a report.
insert into quality.coverage_files (project_id, coverage_report_id, path, lines_total, lines_covered, branches_total, branches_covered)
select $1, $2, f.path, f.lines_total, f.lines_covered, f.branches_total, f.branches_covered
from unnest($3::text[], $4::int[], $5::int[], $6::int[], $7::int[]) f (path, lines_total, lines_covered, branches_total, branches_covered)
