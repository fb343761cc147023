-- The permissions that organisations got stay: nobody can tell them from those that a new organisation begins with.
drop function authz.add_new_permissions(uuid);
comment on column authz.resource_types.metadata is 'Hints for the pages that show permissions.';
comment on column authz.permissions.approval_workflow_id is 'Who has to agree. Null: nobody, or the organisation''s default.';
comment on column authz.permissions.requires_approval is 'True: having it is not enough, somebody has to agree each time.';
comment on column authz.roles.is_system_role is 'True: made by the program; its grants may be read but not edited away.';
drop trigger end_what_they_passed_on on identity.memberships;
drop function authz.end_what_they_passed_on();
