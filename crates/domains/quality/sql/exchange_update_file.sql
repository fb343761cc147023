-- Brings a file to what the archive holds under its name.
update platform.exchange_files f
set media_type = $3, size_bytes = octet_length($5::bytea), content_sha256 = $4, content = $5, updated_by = platform.current_user_id()
where f.project_id = $1 and f.id = $2
