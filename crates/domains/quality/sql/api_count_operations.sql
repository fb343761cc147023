-- Counts what a description offers now.
update platform.api_documents d
set operations_count = n.offered
from (select count(*)::int as offered from platform.api_operations where document_id = $1 and status = 'offered') n
where d.id = $1 and d.operations_count is distinct from n.offered
