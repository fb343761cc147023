-- What the tree of resources keeps of a thing of another system; no row when it does not know it.
select r.owner_user_id, r.attributes, r.is_active from authz.resources r
where r.resource_type_id = (select t.id from authz.resource_types t where t.name = $1) and r.external_id = $2
