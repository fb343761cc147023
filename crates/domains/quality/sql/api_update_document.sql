-- Brings a description to what its file says; no row where it says so already.
update platform.api_documents
set version = $2::text, specification = $3, description = $4::text, servers = $5::jsonb, content_sha256 = $6::bytea, imported_at = $7
where id = $1 and (version, specification, description, servers) is distinct from ($2::text, $3, $4::text, $5::jsonb)
