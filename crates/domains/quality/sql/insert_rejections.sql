-- Keeps what was refused of a file, record by record.
insert into platform.import_rejections (project_id, import_id, line, record, reason)
select $1, $2, n.line, n.record, n.reason from unnest($3::bigint[], $4::text[], $5::text[]) n (line, record, reason)
