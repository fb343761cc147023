-- Sign-ins that were refused, by address; of an IPv6 address, the network of 64 bits that one subscriber has (RFC 6177).
select host(network(n.net)) as subject, a.id, a.occurred_at as at, a.user_id as target_id, null::uuid as source_id, a.ip_address as address, a.user_agent,
       1::bigint as weight
  from asked, audit.audit_logs a
 cross join lateral (select case family(a.ip_address) when 6 then set_masklen(a.ip_address, 64) else a.ip_address end as net) n
 where a.id >= platform.uuid_v7_floor($1::timestamptz) and a.resource_type = 'session' and a.event_type = 'session.refused'
   and a.user_id is not null and a.ip_address is not null
