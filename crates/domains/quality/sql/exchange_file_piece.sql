-- A piece of a file, as long as it is the one that was begun with.
select substr(f.content, $3, $4) from platform.exchange_files f where f.id = $1 and f.content_sha256 = $2
