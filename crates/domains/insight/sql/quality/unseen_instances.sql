-- Active instances with a health check that has not been answered for ten minutes.
select count(*), count(*) filter (where s.old), coalesce((array_agg(s.place order by s.place) filter (where s.old))[1:5], '{}')
  from (select s.host || ':' || s.port as place, coalesce(s.last_health_check_at, s.registered_at) < now() - interval '10 minutes' as old
          from platform.service_instances s where s.is_active and s.health_check_url is not null) s
