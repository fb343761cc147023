-- The time a task says was spent against the entries of it.
select count(*), count(*) filter (where t.off), coalesce((array_agg(t.key order by t.key) filter (where t.off))[1:5], '{}')
  from (select t.key, t.logged_minutes <> coalesce((select sum(e.minutes) from work.time_entries e where e.task_id = t.id), 0) as off
          from work.tasks t where t.deleted_at is null) t
