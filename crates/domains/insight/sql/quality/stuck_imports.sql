-- Imports of the last thirty days that have waited or run for more than an hour.
select count(*), count(*) filter (where i.old), coalesce((array_agg(i.file_name order by i.created_at) filter (where i.old))[1:5], '{}')
  from (select i.file_name, i.created_at, i.status in ('queued', 'running') and coalesce(i.started_at, i.created_at) < now() - interval '1 hour' as old
          from platform.imports i where i.status in ('queued', 'running') or i.created_at > now() - interval '30 days') i
