-- Active instances that say how to ask them and were not asked lately, marked as asked now, so that no other server asks them too.
-- $1 now, $2 not since, $3 how many
with due as (
  select i.id, s.name
    from platform.service_instances i
    join platform.services s on s.id = i.service_id and s.deleted_at is null
   where i.is_active and i.health_check_url is not null and (i.last_health_check_at is null or i.last_health_check_at < $2)
   order by i.last_health_check_at nulls first, i.id
   limit $3
     for update of i skip locked)
update platform.service_instances i set last_health_check_at = $1
  from due
 where i.id = due.id
returning i.id, i.service_id, due.name, i.health_check_url
