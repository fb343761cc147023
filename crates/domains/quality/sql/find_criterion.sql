-- The acceptance criterion at a position of a requirement. No row when there is none.
select i.id from work.requirement_items i
 where i.project_id = $1 and i.requirement_id = $2 and i.item_kind = 'acceptance_criterion' and i.position = $3
   and /* readable requirement-items i.id */ true
