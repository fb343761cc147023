-- The acceptance criteria of a requirement, in their order.
-- $1 project, $2 requirement
select i.id, i.position, i.body
  from work.requirement_items i
 where i.project_id = $1 and i.requirement_id = $2 and i.item_kind = 'acceptance_criterion'
   and /* readable requirement-items i.id */ true
 order by i.position, i.id
 limit 500
