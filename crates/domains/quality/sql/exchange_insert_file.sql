-- Keeps a file with its document.
insert into platform.exchange_files (id, project_id, document_id, name, media_type, size_bytes, content_sha256, content)
values ($1, $2, $3, $4, $5, octet_length($7::bytea), $6, $7)
