-- Whether a project is seen by its members only.
select visibility = 'private' from work.projects where id = $1
