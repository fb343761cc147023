-- Ends an import badly and says why; the summary gets the name of the file. One row, none when it has ended already.
update platform.imports
set status = 'failed', completed_at = $2, format = $3::text, summary = $4::jsonb || jsonb_build_object('path', file_name), error = $5, spool_path = null
where id = $1 and status in ('queued', 'running')
returning project_id, file_name
