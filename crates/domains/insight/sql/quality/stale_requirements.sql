-- Requirements in progress of which nothing has changed for sixty days, neither the text nor the evidence.
select count(*), count(*) filter (where r.old), coalesce((array_agg(r.key order by r.at) filter (where r.old))[1:5], '{}')
  from (select r.key, greatest(r.updated_at, e.changed_at) as at, greatest(r.updated_at, e.changed_at) < now() - interval '60 days' as old
          from work.requirements r join work.requirement_evidence e on e.requirement_id = r.id
         where r.status = 'in_progress' and r.deleted_at is null) r
