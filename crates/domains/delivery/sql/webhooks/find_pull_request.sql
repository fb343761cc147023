-- The pull request of this number, where it stands and the moment of that; no row when it is not known.
select p.id, p.status, p.reported_at from delivery.pull_requests p where p.repository_id = $1 and p.number = $2
