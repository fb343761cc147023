-- Says what another system calls a build; no row where that was said before.
insert into platform.external_references (project_id, entity_id, system, external_id, url, title, synchronized_at)
values ($1, $2, $3, $4, $5::text, $6::text, $7)
on conflict do nothing
