-- Operations of a description made, or brought to what its file says: a row for each that is new or changed, and whether it is new.
insert into platform.api_operations as o (service_id, document_id, method, path, operation_code, summary, tags, is_deprecated, request_media_types,
  response_media_types, changed_at)
select $1, $2, w.method, w.path, w.code, w.summary,
       array(select t.tag from jsonb_array_elements_text(w.tags::jsonb) with ordinality t (tag, nth) order by t.nth), w.is_deprecated,
       array(select t.name from jsonb_array_elements_text(w.request::jsonb) with ordinality t (name, nth) order by t.nth),
       array(select t.name from jsonb_array_elements_text(w.response::jsonb) with ordinality t (name, nth) order by t.nth), $3
from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::text[], $11::text[])
     w (method, path, code, summary, tags, is_deprecated, request, response)
on conflict (organization_id, document_id, path, method) do update
set service_id = excluded.service_id, operation_code = excluded.operation_code, summary = excluded.summary, tags = excluded.tags,
    is_deprecated = excluded.is_deprecated, request_media_types = excluded.request_media_types,
    response_media_types = excluded.response_media_types, status = 'offered', gone_at = null, changed_at = excluded.changed_at
where (o.service_id, o.operation_code, o.summary, o.tags, o.is_deprecated, o.request_media_types, o.response_media_types, o.status)
  is distinct from (excluded.service_id, excluded.operation_code, excluded.summary, excluded.tags, excluded.is_deprecated,
    excluded.request_media_types, excluded.response_media_types, 'offered')
returning o.method, o.path, xmax = 0 as is_new
