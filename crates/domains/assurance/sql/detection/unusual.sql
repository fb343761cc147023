-- Sign-ins of the last day by members who had not been seen for as many days as the rule says, from a network (/24, or /48 of IPv6) or with a program
-- that none of their sign-ins had within its window. Who signs in for the first time has nothing to be compared with. Refused sign-ins are somebody
-- else's, perhaps, and count for nothing here.
select a.id::text as subject, a.id, a.occurred_at as at, a.user_id as target_id, a.user_id as source_id, a.ip_address as address, a.user_agent,
       1::bigint as weight
  from (
    -- Almost nobody was away for so long: that is asked first, and answered by the first row there is.
    select s.id, s.occurred_at, s.user_id, s.ip_address, s.user_agent
      from asked, audit.audit_logs s
     where s.id >= platform.uuid_v7_floor($2::timestamptz - interval '1 day') and s.resource_type = 'session' and s.event_type = 'session.started'
       and (
         select b.id from audit.audit_logs b
          where b.user_id = s.user_id and b.id < s.id and b.id >= platform.uuid_v7_floor(s.occurred_at - least(asked.threshold, 3650) * interval '1 day')
            and b.event_type not in ('session.refused', 'session.locked')
          order by b.id desc limit 1) is null
    offset 0) a
 cross join lateral (
   select bool_or(set_masklen(b.ip_address, n.bits) >>= a.ip_address) as knows_place, bool_or(b.user_agent = a.user_agent) as knows_program, count(*) as before
     from (select case family(a.ip_address) when 6 then 48 else 24 end as bits) n
     join audit.audit_logs b on b.user_id = a.user_id and b.resource_type = 'session' and b.event_type = 'session.started'
      and b.id < a.id and b.id >= platform.uuid_v7_floor($1::timestamptz)
      and (b.ip_address is null or a.ip_address is null or family(b.ip_address) = family(a.ip_address))) known
 where known.before > 0 and (not coalesce(known.knows_place, a.ip_address is null) or not coalesce(known.knows_program, a.user_agent is null))
