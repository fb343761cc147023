-- One file that came with a document. No row when it is gone.
select f.id, f.project_id, f.name, f.media_type, f.size_bytes, f.content_sha256 from platform.exchange_files f where f.id = $1
