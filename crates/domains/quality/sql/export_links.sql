-- The links between live requirements of a project. No row when there is none.
select l.source_id, l.target_id, l.link_type from work.trace_links l
join work.requirements a on a.project_id = l.project_id and a.id = l.source_id and a.deleted_at is null and /* readable requirements a.id */ true
join work.requirements b on b.project_id = l.project_id and b.id = l.target_id and b.deleted_at is null and /* readable requirements b.id */ true
where l.project_id = $1 and /* readable trace-links l.id */ true
union all
select d.requirement_id, d.depends_on_requirement_id, 'depends_on' from work.requirement_dependencies d
join work.requirements a on a.project_id = d.project_id and a.id = d.requirement_id and a.deleted_at is null and /* readable requirements a.id */ true
join work.requirements b on b.project_id = d.project_id and b.id = d.depends_on_requirement_id and b.deleted_at is null and /* readable requirements b.id */ true
where d.project_id = $1
order by 1, 2, 3
