-- The files that were sent with the one given, by name: one request queues its files in one transaction, so they share
-- their time and sender, and their identifiers lie within moments of it. No row when there is no such import.
select i.id, i.file_name, i.format, i.status, i.size_bytes, i.bytes_read, i.summary, i.error, i.created_at, b.build_number
  from platform.imports given
  join platform.imports i on i.project_id = given.project_id and i.created_at = given.created_at
   and i.requested_by is not distinct from given.requested_by
   and i.id between platform.uuid_v7_floor(platform.uuid_v7_time(given.id) - interval '10 minutes')
                and platform.uuid_v7_floor(platform.uuid_v7_time(given.id) + interval '10 minutes')
  left join delivery.builds b on b.project_id = i.project_id and b.id = i.build_id and /* readable builds b.id */ true
 where given.project_id = $1 and given.id = $2 and /* readable imports given.id */ true and /* readable imports i.id */ true
 order by i.file_name, i.id
 limit 1000
