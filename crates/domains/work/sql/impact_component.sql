-- The builds whose bill of materials has a component, in any version, newest first: what a change of the component would touch.
-- $1 package, or null: by name alone, $2 name, $3 rows
select distinct b.id
  from security.sbom_components c
  join security.sboms m on m.project_id = c.project_id and m.id = c.sbom_id and /* readable sboms m.id */ true
  join delivery.builds b on b.project_id = m.project_id and b.id = m.build_id and /* readable builds b.id */ true
 where not c.is_subject
   and case when $1::text is null then c.package is null and c.name = $2 else c.package = $1 end
 order by b.id desc
 limit $3
