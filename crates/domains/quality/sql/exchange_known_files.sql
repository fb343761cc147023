-- The files that are kept with a document.
select f.id, f.name, f.media_type, f.content_sha256 from platform.exchange_files f where f.project_id = $1 and f.document_id = $2
