-- The tools that found something in a project, by name; at most 50.
-- Parameters: project.
select distinct f.tool from security.findings f where f.project_id = $1 and /* readable findings f.id */ true order by f.tool limit 50
