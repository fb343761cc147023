-- The number of a build, its branch, and whether that is the branch that counts: the default of its repository, else main, master or trunk.
select b.build_number, b.git_branch, coalesce(b.git_branch = r.default_branch, b.git_branch in ('main', 'master', 'trunk'), false) as is_default
from delivery.builds b left join delivery.repositories r on r.id = b.repository_id
where b.project_id = $1 and b.id = $2
