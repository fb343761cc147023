-- A description that came for the first time.
insert into platform.api_documents (id, service_id, title, version, specification, description, servers, content_sha256, imported_at)
values ($1, $2, $3, $4::text, $5, $6::text, $7::jsonb, $8::bytea, $9)
