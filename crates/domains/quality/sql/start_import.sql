-- Takes an import up, or takes it up again after a crash; no row when it has ended already.
update platform.imports set status = 'running', started_at = $2, bytes_read = 0
where id = $1 and status in ('queued', 'running')
returning project_id, build_id, file_name, content_sha256, size_bytes, spool_path, summary
