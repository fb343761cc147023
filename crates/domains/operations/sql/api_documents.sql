-- The descriptions of a service, by title.
select d.title, d.version, d.specification, d.servers, d.operations_count::bigint, d.imported_at
  from platform.api_documents d
 where d.service_id = $1 and /* readable services d.service_id */ true
 order by d.title
 limit 50
