-- The place that a thing of the tree of resources is: whether it limits at all, its project when it is one, the records and the names elsewhere
-- that lie in it, as in held_roles, and the one project that all of it lies in. No row: there is no such thing.
with recursive below as (
  select r.id, r.entity_id, r.external_id from authz.resources r where r.id = $1 and r.is_active
  union
  select r.id, r.entity_id, r.external_id from below b join authz.resources r on r.parent_resource_id = b.id where r.is_active
), located as (
  select case when e.entity_type = 'project' then e.id else e.project_id end as project_id
  from below b left join platform.entities e on e.id = b.entity_id
)
select true,
       (select e.id from below b join platform.entities e on e.id = b.entity_id where b.id = $1 and e.entity_type = 'project'),
       array(select b.entity_id from below b where b.entity_id is not null),
       array(select b.external_id from below b where b.external_id is not null),
       (select case when count(*) = count(l.project_id) and count(distinct l.project_id) = 1 then min(l.project_id::text)::uuid end from located l)
from authz.resources r where r.id = $1
