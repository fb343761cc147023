-- One row while the import is still to be done, none when somebody else has finished it.
select 1 from platform.imports where id = $1 and status = 'running'
