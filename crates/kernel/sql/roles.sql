-- The roles of the organisation; none without an organisation.
select id, name, parent_role_id, valid_from, valid_until, auto_assign_conditions from authz.roles where deleted_at is null
