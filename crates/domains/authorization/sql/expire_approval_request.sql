-- Ends a request that nobody decided in time. Nothing matches: it has ended.
update authz.approval_requests set status = 'expired', decided_at = $2 where id = $1 and status = 'pending'
