-- The commits a build contains, in their order. No row when none was recorded.
select c.commit_hash, split_part(c.message, E'\n', 1) as subject, coalesce(u.display_name, c.author_name) as author, c.committed_at
  from delivery.build_commits l
  join delivery.commits c on c.project_id = l.project_id and c.id = l.commit_id and /* readable commits c.id */ true
  left join identity.users u on u.id = c.author_user_id
 where l.project_id = $1 and l.build_id = $2
 order by l.position, c.committed_at desc
 limit 200
