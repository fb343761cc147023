-- Checks of a run that do not know its build yet.
select c.id from delivery.checks c where c.repository_id = $1 and c.run_external_id = $2 and c.build_id is distinct from $3
