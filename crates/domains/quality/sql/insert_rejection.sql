-- Keeps what was refused, and why.
insert into platform.import_rejections (project_id, import_id, line, reason) values ($1, $2, $3::bigint, $4)
