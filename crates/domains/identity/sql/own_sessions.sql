-- The live sessions of one person, the last used first.
-- $1 person, $2 now, $3 used no earlier than
select s.id, s.user_agent, s.ip_address, s.last_active_at, s.expires_at
  from identity.sessions s
 where s.user_id = $1 and s.revoked_at is null and s.expires_at > $2 and s.last_active_at > $3
 order by s.last_active_at desc, s.id
 limit 100
