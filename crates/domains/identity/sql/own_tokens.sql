-- The API tokens of one person that have not ended, the newest first.
-- $1 person, $2 now
select t.id, t.name, t.token_prefix, t.scopes, t.last_used_at, t.expires_at
  from identity.api_tokens t
 where t.user_id = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > $2)
 order by t.id desc
 limit 200
