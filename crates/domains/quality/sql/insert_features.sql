-- Stores the features of a requirement that it has none of that name of yet. As many rows as were new.
insert into work.features (project_id, requirement_id, name)
select $1, $2, n.name
from unnest($3::text[]) n (name)
where not exists (select from work.features f
                  where f.project_id = $1 and f.requirement_id = $2 and f.name = n.name and f.deleted_at is null)
