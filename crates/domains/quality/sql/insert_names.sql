-- Stores what else documents call vulnerabilities.
insert into security.vulnerability_names (project_id, statement_id, name)
select $1, n.statement_id, n.name from unnest($2::uuid[], $3::text[]) n (statement_id, name)
on conflict do nothing
