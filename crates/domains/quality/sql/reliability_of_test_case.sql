-- Who looks after a test case, its flips since a time, and the quarantine that holds longest. One row. Parameters: project, test case, since, now.
select t.owner_user_id, u.display_name as owner, t.flip_count, t.last_flipped_at, t.row_version,
       (select count(*) from quality.test_flips f
         where f.project_id = t.project_id and f.test_case_id = t.id and f.flipped_at >= $3 and /* readable test-flips f.id */ true) as flips,
       q.id as quarantine_id, q.reason, q.expires_at
  from quality.test_cases t
  left join identity.memberships m on m.user_id = t.owner_user_id
  left join identity.users u on u.id = m.user_id
  left join lateral (
    select q.id, q.reason, q.expires_at from quality.test_quarantines q
     where q.project_id = t.project_id and q.test_case_id = t.id and q.expires_at > $4 and (q.ended_at is null or q.ended_at > $4)
       and /* readable test-quarantines q.id */ true
     order by q.expires_at desc limit 1) q on true
 where t.project_id = $1 and t.id = $2 and /* readable test-cases t.id */ true
