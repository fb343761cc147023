-- Takes a request back; the table refuses when it has ended. Nothing matches: it is not there.
update authz.approval_requests set status = 'cancelled' where id = $1
