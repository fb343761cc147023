-- Sessions that are open, by member, of those who began one within the window. A session that was not used for twelve hours has ended.
select s.user_id::text as subject, s.id, s.created_at as at, s.user_id as target_id, s.user_id as source_id, s.ip_address as address, s.user_agent,
       1::bigint as weight
  from asked, identity.sessions s
 where s.user_id in (select b.user_id from identity.sessions b where b.id >= platform.uuid_v7_floor($1::timestamptz))
   and s.revoked_at is null and s.expires_at > $2::timestamptz and s.last_active_at > $2::timestamptz - interval '12 hours'
