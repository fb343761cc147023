-- Marks operations that a description no longer has.
update platform.api_operations o set status = 'gone', gone_at = $2, changed_at = $2
where o.document_id = $1 and o.status = 'offered'
  and not exists (select from unnest($3::text[], $4::text[]) w (method, path) where w.method = o.method and w.path = o.path)
returning o.method, o.path
