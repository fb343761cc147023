-- How a request stands. No row: it is not there.
select r.status from authz.approval_requests r where r.id = $1
