-- Records of one kind in a project, in the order of their making: what the rows of a matrix are read from.

-- squawk-ignore require-concurrent-index-creation -- where there are millions of records it is made beforehand, as docs/migrations.md says
create index if not exists entities_project_kind_idx on platform.entities (organization_id, project_id, entity_type, id) where deleted_at is null;
