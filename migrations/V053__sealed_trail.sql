-- The trail can be proven: its rows are leaves of a Merkle tree (RFC 6962), one tree for each organisation, whose heads are signed. Sealing comes
-- after writing and touches no row of the trail, so writers pay nothing for it. docs/audit-policy.md says how to check it.

create table audit.leaves (
  organization_id uuid     not null default platform.current_organization(),
  leaf_index      bigint   not null,
  audit_log_id    uuid     not null,
  form            smallint not null,
  leaf_hash       bytea    not null,
  payload_hash    bytea    not null,
  payload_salt    bytea,
  primary key (organization_id, leaf_index),
  constraint leaves_audit_log_id_key unique (organization_id, audit_log_id),
  constraint leaves_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint leaves_leaf_index_check check (leaf_index >= 0),
  constraint leaves_form_check check (form > 0),
  constraint leaves_leaf_hash_check check (octet_length(leaf_hash) = 32),
  constraint leaves_payload_hash_check check (octet_length(payload_hash) = 32),
  constraint leaves_payload_salt_check check (octet_length(payload_salt) = 16)
);
call platform.adopt_table('audit.leaves', 'restricted', 'for ever: without its leaf a row could not be proven to have been there', 'select, insert');

create table audit.tree_nodes (
  organization_id uuid     not null default platform.current_organization(),
  level           smallint not null,
  node_index      bigint   not null,
  node_hash       bytea    not null,
  primary key (organization_id, level, node_index),
  constraint tree_nodes_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint tree_nodes_level_check check (level > 0 and level % 8 = 0),
  constraint tree_nodes_node_index_check check (node_index >= 0),
  constraint tree_nodes_node_hash_check check (octet_length(node_hash) = 32)
);
call platform.adopt_table('audit.tree_nodes', 'internal', 'as long as the leaves', 'select, insert');

create table audit.seals (
  organization_id     uuid        not null default platform.current_organization(),
  id                  uuid        not null default platform.uuid_v7(),
  tree_size           bigint      not null,
  root                text        not null,
  previous_tree_size  bigint      not null,
  previous_root       text        not null,
  newest_audit_log_id uuid        not null,
  checkpoint          text        not null,
  sealed_at           timestamptz not null default now(),
  primary key (organization_id, id),
  constraint seals_tree_size_key unique (organization_id, tree_size),
  constraint seals_previous_tree_size_key unique (organization_id, previous_tree_size),
  constraint seals_organization_id_fkey foreign key (organization_id) references identity.organizations on update cascade on delete restrict,
  constraint seals_tree_size_check check (tree_size > previous_tree_size),
  constraint seals_previous_tree_size_check check (previous_tree_size >= 0),
  constraint seals_root_check check (root ~ '^[A-Za-z0-9+/]{43}=$'),
  constraint seals_previous_root_check check (previous_root ~ '^[A-Za-z0-9+/]{43}=$'),
  constraint seals_checkpoint_check check (char_length(checkpoint) between 1 and 4000)
);
call platform.adopt_table('audit.seals', 'internal', 'for ever: they are what proofs lead to', 'select, insert');

create function audit.refuse_change() returns trigger
  language plpgsql
  as $$
begin
  raise exception using errcode = 'insufficient_privilege',
    message = format('audit.%s only grows: what is in it is signed, and a change would show', tg_table_name),
    hint = 'To take personal details out of a sealed row, use audit.drop_payload.';
end
$$;
comment on function audit.refuse_change() is 'Refuses every change and removal, also to the owner of the table.';

create trigger keep before delete on audit.leaves for each row execute function audit.refuse_change();
create trigger keep_all before truncate on audit.leaves execute function audit.refuse_change();
-- Without its salt nobody can find out a dropped payload by trying: that is the one change there is.
create trigger keep_hashes before update on audit.leaves for each row
  when (new.payload_salt is not null or old.payload_salt is null
        or (old.organization_id, old.leaf_index, old.audit_log_id, old.form, old.leaf_hash, old.payload_hash)
           is distinct from (new.organization_id, new.leaf_index, new.audit_log_id, new.form, new.leaf_hash, new.payload_hash))
  execute function audit.refuse_change();
create trigger keep before update or delete on audit.tree_nodes for each row execute function audit.refuse_change();
create trigger keep_all before truncate on audit.tree_nodes execute function audit.refuse_change();
create trigger keep before update or delete on audit.seals for each row execute function audit.refuse_change();
create trigger keep_all before truncate on audit.seals execute function audit.refuse_change();
revoke update, delete on audit.leaves, audit.tree_nodes, audit.seals from super_admin;

create function audit.drop_payload(p_row uuid, p_reason text) returns boolean
  language plpgsql
  as $$
declare
  sealed record;
begin
  if coalesce(p_reason, '') = '' then
    raise exception using errcode = 'invalid_parameter_value', message = 'dropping what a row of the trail tells of somebody needs a reason';
  end if;
  select l.payload_salt is null as is_dropped into sealed from audit.leaves l
   where l.organization_id = platform.current_organization() and l.audit_log_id = p_row;
  if not found then
    raise exception using errcode = 'object_not_in_prerequisite_state',
      message = format('the row %s of the trail is not sealed yet: nothing would prove afterwards that it was there', p_row),
      hint = 'Let the server or `throughline maintain` seal it first.';
  end if;
  if sealed.is_dropped then
    return false;
  end if;
  update audit.audit_logs a
     set ip_address = null, user_agent = null, resource_name = null, old_values = null, new_values = null, action_description = null,
         business_context = null, error_message = null, additional_data = '{}'
   where a.organization_id = platform.current_organization() and a.id = p_row;
  update audit.leaves l set payload_salt = null where l.organization_id = platform.current_organization() and l.audit_log_id = p_row;
  insert into audit.audit_logs (event_type, event_category, resource_type, resource_id, business_context, risk_level, compliance_relevant)
  values ('audit_log.payload_dropped', 'data_change', 'audit_log', p_row::text, p_reason, 'high', true);
  return true;
end
$$;
comment on function audit.drop_payload(uuid, text) is
  'Takes out of a sealed row what it tells of people (values, names, address, free text) and leaves a row that says so; proofs stay valid, because the '
  'leaf holds only a salted hash of it. False: it was dropped before. For the owner of the tables, within an organisation.';
revoke execute on function audit.drop_payload(uuid, text) from public;

-- The role that counts for the dashboards sees what belongs to organisations one after another; finding out which of them have something to
-- seal is the same kind of question. It learns identifiers and nothing else.
grant usage on schema audit to throughline_statistics;
grant select (organization_id, id, project_id) on audit.audit_logs to throughline_statistics;
grant select (organization_id, tree_size, newest_audit_log_id) on audit.seals to throughline_statistics;

create function audit.organizations_to_seal(p_all boolean) returns setof uuid
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  as $$
declare
  before text := coalesce(current_setting('app.current_organization_id', true), '');
  access text := coalesce(current_setting('app.project_access', true), '');
  holder uuid;
  newest uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    select s.newest_audit_log_id into newest from audit.seals s where s.organization_id = holder order by s.tree_size desc limit 1;
    if p_all or exists (
      select from audit.audit_logs a where a.organization_id = holder and a.id > coalesce(newest, '00000000-0000-0000-0000-000000000000')) then
      return next holder;
    end if;
  end loop;
  perform set_config('app.current_organization_id', before, true), set_config('app.project_access', access, true);
end
$$;
comment on function audit.organizations_to_seal(boolean) is
  'The organisations with rows in the trail that are newer than their last seal, or all, for the server, which belongs to none. Tells nothing of the rows.';
revoke execute on function audit.organizations_to_seal(boolean) from public;
grant execute on function audit.organizations_to_seal(boolean) to application_user;
grant create on schema audit to throughline_statistics;
alter function audit.organizations_to_seal(boolean) owner to throughline_statistics;
revoke create on schema audit from throughline_statistics;

-- Comments ------------------------------------------------------------------------------------------------------------

comment on table audit.leaves is
  'The leaves of the trail''s Merkle tree: one for each sealed row, in the order of sealing. Never changed, and without reference to the row, which may be archived.';
comment on column audit.leaves.leaf_index is 'Its place in the tree, from nought.';
comment on column audit.leaves.audit_log_id is 'The row of the trail.';
comment on column audit.leaves.form is 'In which form the row was put into words for hashing; which columns these are.';
comment on column audit.leaves.leaf_hash is 'The leaf as RFC 6962 hashes it: SHA-256 of a nought and the row''s words.';
comment on column audit.leaves.payload_hash is
  'SHA-256 of the salt and of what may be dropped from the row: values, names, address, free text. It stands for them in the row''s words.';
comment on column audit.leaves.payload_salt is
  'Keeps a payload from being found out by trying. Null: the payload was dropped, and the salt with it.';
comment on constraint leaves_leaf_index_check on audit.leaves is 'leaf index must not be negative';
comment on constraint leaves_form_check on audit.leaves is 'form must be greater than zero';
comment on constraint leaves_leaf_hash_check on audit.leaves is 'leaf hash must have 32 bytes';
comment on constraint leaves_payload_hash_check on audit.leaves is 'payload hash must have 32 bytes';
comment on constraint leaves_payload_salt_check on audit.leaves is 'payload salt must have 16 bytes';
comment on table audit.tree_nodes is
  'Complete subtrees of 256, 65,536 … leaves, so that a proof or a new seal reads some hundred hashes and not the whole tree. Follows from the leaves. Never changed.';
comment on column audit.tree_nodes.level is 'How many levels above the leaves; every eighth is kept.';
comment on column audit.tree_nodes.node_index is 'Which one of its level, from nought: it holds the leaves from node_index × 2^level on.';
comment on column audit.tree_nodes.node_hash is 'The root over its leaves.';
comment on constraint tree_nodes_level_check on audit.tree_nodes is 'level must be a multiple of eight, greater than zero';
comment on constraint tree_nodes_node_index_check on audit.tree_nodes is 'node index must not be negative';
comment on constraint tree_nodes_node_hash_check on audit.tree_nodes is 'node hash must have 32 bytes';
comment on table audit.seals is
  'The signed heads of the trail''s Merkle tree, each with the one before it. Never changed; the same heads lie in files outside the database.';
comment on column audit.seals.tree_size is 'How many rows are sealed by it and those before it.';
comment on column audit.seals.root is 'The root of the tree over them, in base64.';
comment on column audit.seals.previous_tree_size is 'The size of the tree of the seal before. Nought: there was none.';
comment on column audit.seals.previous_root is 'The root of the seal before; of none, the hash of nothing.';
comment on column audit.seals.newest_audit_log_id is 'The greatest identifier among the rows sealed by it or before it: where the next seal looks from.';
comment on column audit.seals.checkpoint is
  'Size, root, time and the seal before as a signed note (c2sp.org/tlog-checkpoint): what to keep elsewhere, and what to check with the public key.';
comment on column audit.seals.sealed_at is 'When it was signed.';
comment on constraint seals_tree_size_check on audit.seals is 'tree size must be greater than that of the seal before';
comment on constraint seals_previous_tree_size_check on audit.seals is 'previous tree size must not be negative';
comment on constraint seals_root_check on audit.seals is 'root must be 32 bytes in base64';
comment on constraint seals_previous_root_check on audit.seals is 'previous root must be 32 bytes in base64';
comment on constraint seals_checkpoint_check on audit.seals is 'checkpoint must be 1 to 4,000 characters long';
