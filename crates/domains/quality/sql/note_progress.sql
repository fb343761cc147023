-- How far the reader is; nothing happens once the import has ended.
update platform.imports set bytes_read = $2 where id = $1 and status = 'running' and bytes_read < $2
