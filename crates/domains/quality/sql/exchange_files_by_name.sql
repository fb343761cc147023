-- The files of a document with these names.
select f.id, f.project_id, f.name, f.media_type, f.size_bytes, f.content_sha256 from platform.exchange_files f
where f.project_id = $1 and f.document_id = $2 and f.name = any ($3)
