-- Keeps what was guessed of the columns of a file as a profile under the file's name; no row when there is one of that name.
insert into platform.import_profiles (project_id, name, mapping) values ($1, $2, $3::jsonb)
on conflict (organization_id, project_id, name) do nothing
