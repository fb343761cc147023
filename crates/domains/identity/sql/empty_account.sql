-- Empties the account of somebody and what hangs on it: how many rows of what. The rows themselves stay where others refer to them.
-- Parameters: who, when, by whom, their address.
with account as (
  update identity.users u
     set email = 'erased-' || u.id || '@erased.invalid', username = null, first_name = null, last_name = null, display_name = 'Erased person',
         avatar_url = null, phone_number_ciphertext = null, phone_number_hash = null, sensitive_metadata_ciphertext = null, last_login_ip = null,
         metadata = '{}', settings = '{}', status = 'inactive', deleted_at = coalesce(u.deleted_at, $2)
   where u.id = $1 returning 1),
agents as (
  update identity.users u set status = 'inactive' where u.owner_user_id = $1 and u.status <> 'inactive' returning u.id),
theirs as (
  select $1::uuid as user_id union select u.id from identity.users u where u.owner_user_id = $1),
members as (
  update identity.memberships m
     set username = null, job_title = null, department = null, settings = '{}', status = 'inactive',
         deleted_at = coalesce(m.deleted_at, $2), deleted_by = coalesce(m.deleted_by, $3)
   where m.user_id = $1 returning 1),
sessions as (
  update identity.sessions s
     set ip_address = null, user_agent = null, metadata = '{}', revoked_at = coalesce(s.revoked_at, $2),
         revoked_by = case when s.revoked_at is null then $3 else s.revoked_by end,
         revocation_reason = case when s.revoked_at is null then 'erased' else s.revocation_reason end
   where s.user_id in (select t.user_id from theirs t) returning 1),
tokens as (
  update identity.api_tokens t
     set last_used_ip = null, name = 'erased', revoked_at = coalesce(t.revoked_at, $2),
         revoked_by = case when t.revoked_at is null then $3 else t.revoked_by end
   where t.user_id in (select t.user_id from theirs t) returning 1),
roles as (
  update authz.user_roles r set revoked_at = $2
   where r.user_id in (select t.user_id from theirs t) and r.revoked_at is null returning 1),
rights as (
  update authz.user_permissions p set revoked_at = $2
   where p.user_id in (select t.user_id from theirs t) and p.revoked_at is null returning 1),
accounts as (
  delete from identity.user_sso_accounts a where a.user_id = $1 returning 1),
told as (
  delete from platform.notifications n where n.recipient_user_id = $1 returning 1),
commits as (
  update delivery.commits c set author_name = 'Erased person', author_email = null
   where lower(c.author_email) = $4 returning 1)
select 'identity.users' as what, (select count(*) from account) as amount
union all select 'agents', (select count(*) from agents)
union all select 'identity.memberships', (select count(*) from members)
union all select 'identity.sessions', (select count(*) from sessions)
union all select 'identity.api_tokens', (select count(*) from tokens)
union all select 'authz.user_roles', (select count(*) from roles)
union all select 'authz.user_permissions', (select count(*) from rights)
union all select 'identity.user_sso_accounts', (select count(*) from accounts)
union all select 'platform.notifications', (select count(*) from told)
union all select 'delivery.commits', (select count(*) from commits)
