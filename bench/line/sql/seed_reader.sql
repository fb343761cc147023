-- Somebody who reads requirements of the project only when they are agreed on, or their own: a role with a condition, held by a member
-- of the project, with the token TOKEN.
insert into identity.users (id, kind, display_name, email) values ('READER', 'person', 'Reader', 'reader@bench.example');
insert into identity.memberships (organization_id, user_id, status) values ('ORGANIZATION', 'READER', 'active');
insert into authz.roles (organization_id, id, name, display_name) values ('ORGANIZATION', 'READER', 'bench-reader', 'Reader');
insert into authz.permissions (organization_id, id, name, display_name, resource_type_id, action, conditions)
select 'ORGANIZATION', 'READER', 'bench:requirement-read', 'Read what is agreed on', t.id, 'read',
       '{"or": [{"in": [{"var": "resource.status"}, ["approved", "in_progress", "completed"]]}, {"==": [{"var": "resource.created_by"}, {"var": "subject.id"}]}]}'
from authz.resource_types t where t.name = 'requirement';
insert into authz.role_permissions (organization_id, role_id, permission_id) values ('ORGANIZATION', 'READER', 'READER');
insert into work.project_members (organization_id, project_id, user_id, role_id) values ('ORGANIZATION', 'PROJECT', 'READER', 'READER');
insert into identity.api_tokens (organization_id, id, user_id, name, token_prefix, token_hash, scopes)
values ('ORGANIZATION', 'READER', 'READER', 'bench', left('TOKEN', 12), sha256('TOKEN'::bytea), '{*}')
