-- The check that its server calls so, how far it has come and the moment of that; no row when it is not known.
select c.id, c.status, c.reported_at from delivery.checks c where c.repository_id = $1 and c.external_id = $2
