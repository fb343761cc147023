-- A file that goes back with its document. No row when it is gone.
select f.content from platform.exchange_files f where f.project_id = $1 and f.id = $2
