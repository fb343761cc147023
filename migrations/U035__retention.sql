call platform.forget_resource_types('retention_policy');
drop function platform.maintain_database(timestamptz);
drop function platform.retire_rows(security.retention_policies, timestamptz);
drop procedure platform.retire_partition(regclass, regclass, text, timestamptz, text);
drop procedure platform.let_go_of(regclass, regclass, uuid, uuid, bigint);
drop function platform.still_needed(text);
drop function platform.all_organizations();
do $$
declare
  target regclass;
  part   regclass;
  home   name;
  oldest timestamptz;
begin
  for target in
    select format('%I.%I', f.table_schema, f.table_name)::regclass from platform.table_facts f where f.partition_interval is not null
    order by f.table_schema, f.table_name
  loop
    execute format('alter table %s owner to %I', target, current_user);
    for part in select inhrelid::regclass from pg_inherits where inhparent = target loop
      execute format('alter table %s owner to %I', part, current_user);
    end loop;
    -- What is older than the oldest partition goes into one partition again, as start_partitions had made it.
    select i.inhrelid::regclass into part from pg_inherits i cross join lateral platform.partition_bounds(i.inhrelid::regclass) b
    where i.inhparent = target and b.from_id is null and not b.is_default;
    if found and pg_relation_size(part) = 0 then
      select min(platform.uuid_v7_time(b.from_id)) into oldest from pg_inherits i cross join lateral platform.partition_bounds(i.inhrelid::regclass) b
      where i.inhparent = target;
      execute format('alter table %s detach partition %s', target, part);
      execute format('drop table %s', part);
      call platform.make_partition(target, 'before', null, oldest);
    end if;
    select n.nspname into home from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = target;
    execute format('revoke usage, create on schema %I from throughline_partitions', home);
  end loop;
end
$$;
revoke execute on procedure platform.make_partition(regclass, text, timestamptz, timestamptz) from throughline_partitions;
revoke select on platform.table_facts from throughline_partitions;
revoke usage, create on schema platform from throughline_partitions;
drop procedure platform.hand_over_partitions(regclass);
drop function platform.ensure_partition(text, timestamptz);
drop function platform.missing_partitions(text, timestamptz[]);
drop function platform.partition_bounds(regclass);
drop table security.retention_policies;
delete from platform.table_facts where table_schema = 'security' and table_name = 'retention_policies';
-- Refuses while something is archived: an undo must not throw away what has to be kept.
drop schema archive;
