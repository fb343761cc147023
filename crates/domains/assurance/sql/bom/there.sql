-- Whether a build has a bill of materials that lists something; a row when it has. Parameters: project, build.
select true
from security.sboms b
where b.project_id = $1 and b.build_id = $2 and b.components_count > 0 and /* readable sboms b.id */ true
limit 1
