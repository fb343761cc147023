-- Sets the coverage of a build: lines covered of all lines over its reports, of reports under the same file name the newest only.
update delivery.builds b set code_coverage_percent = c.percent
from (select round(100.0 * sum(n.lines_covered) / nullif(sum(n.lines_total), 0), 2) as percent
      from (select distinct on (i.file_name) r.lines_covered, r.lines_total
            from quality.coverage_reports r
            left join platform.imports i on i.project_id = r.project_id and i.id = r.import_id
            where r.project_id = $1 and r.build_id = $2 and r.component = ''
            order by i.file_name, r.id desc) n) c
where b.project_id = $1 and b.id = $2
