-- What a service offers, by path and method. Parameters: service, pattern, whether gone, whether deprecated, path and method of the last one of
-- the page before, rows.
select o.method, o.path, o.operation_code, o.summary, o.tags, o.is_deprecated, o.request_media_types, o.response_media_types, o.status, o.changed_at
  from platform.api_operations o
 where o.service_id = $1 and /* readable services o.service_id */ true
   and ($2::text is null or o.path ilike $2 or o.summary ilike $2 or o.operation_code ilike $2 or exists (select from unnest(o.tags) t where t ilike $2))
   and ($3::text[] is null or case when o.status = 'gone' then 'gone' when o.is_deprecated then 'deprecated' else 'offered' end = any ($3))
   and ($4::text is null or (o.path, o.method) > ($4::text, $5::text))
 order by o.path, o.method
 limit $6
