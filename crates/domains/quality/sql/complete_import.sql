-- Ends an import well. One row.
update platform.imports
set status = 'completed', completed_at = $2, format = $3, summary = $4::jsonb, bytes_read = coalesce(size_bytes, bytes_read), spool_path = null
where id = $1 and status = 'running'
