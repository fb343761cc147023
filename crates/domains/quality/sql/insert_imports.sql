-- Queues files. One row each, in the order given.
insert into platform.imports (id, project_id, build_id, requested_by, file_name, content_sha256, size_bytes, spool_path, summary)
select f.id, $1, $2::uuid, $3, f.file_name, f.content_sha256, f.size_bytes, f.spool_path, $4::jsonb
from unnest($5::uuid[], $6::text[], $7::bytea[], $8::bigint[], $9::text[]) f (id, file_name, content_sha256, size_bytes, spool_path)
