-- The record of a project that has, or once had, this key. No row when there is none.
select k.entity_id from work.entity_keys k where k.project_id = $1 and k.key = $2
