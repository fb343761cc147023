-- Removes files that the archive no longer holds.
delete from platform.exchange_files f where f.project_id = $1 and f.id = any ($2)
