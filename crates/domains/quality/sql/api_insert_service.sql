-- A service that a description was the first to name.
insert into platform.services (id, name, service_type, description) values ($1, $2, 'api', $3::text)
