-- Opens the run that the results of a file belong to.
insert into quality.test_runs (id, project_id, build_id, import_id, environment, shard) values ($1, $2, $3::uuid, $4, $5::text, $6::text)
