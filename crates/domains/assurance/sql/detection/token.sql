-- API tokens that may do everything their owner may, by owner.
select t.user_id::text as subject, t.id, t.created_at as at, t.user_id as target_id, coalesce(t.created_by, t.user_id) as source_id, null::inet as address,
       null::text as user_agent, 1::bigint as weight
  from asked, identity.api_tokens t
 where t.id >= platform.uuid_v7_floor($1::timestamptz) and t.scopes && '{*,*:*}'
