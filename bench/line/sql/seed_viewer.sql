-- Somebody who may read whatever is not private, with the token TOKEN.
insert into identity.users (id, kind, display_name, email) values ('READER', 'person', 'Viewer', 'viewer@bench.example');
insert into identity.memberships (organization_id, user_id, status) values ('ORGANIZATION', 'READER', 'active');
insert into authz.user_roles (organization_id, user_id, role_id)
select 'ORGANIZATION', 'READER', r.id from authz.roles r where r.organization_id = 'ORGANIZATION' and r.name = 'viewer';
insert into identity.api_tokens (organization_id, id, user_id, name, token_prefix, token_hash, scopes)
values ('ORGANIZATION', 'READER', 'READER', 'bench', left('TOKEN', 12), sha256('TOKEN'::bytea), '{*}')
