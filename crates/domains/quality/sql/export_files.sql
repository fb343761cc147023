-- The files that go back with a document, by name.
select f.id, f.name from platform.exchange_files f where f.project_id = $1 and f.document_id = $2 order by f.name collate "C"
