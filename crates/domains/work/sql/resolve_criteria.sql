-- The acceptance criteria of some requirements of a project, by their place. No row for a requirement without any.
-- $1 project, $2 requirements
select i.requirement_id, i.position, i.id
  from work.requirement_items i
 where i.project_id = $1 and i.requirement_id = any ($2::uuid[]) and i.item_kind = 'acceptance_criterion'
