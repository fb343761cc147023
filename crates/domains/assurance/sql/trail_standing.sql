-- How a row of the trail is sealed: its place in the tree, whether its payload is still there, and the first head above it. No row: not sealed yet.
select l.leaf_index, l.payload_salt is not null as is_whole, s.tree_size, s.sealed_at
  from audit.leaves l
  left join lateral (
    select s.tree_size, s.sealed_at from audit.seals s where s.tree_size > l.leaf_index order by s.tree_size limit 1) s on true
 where l.audit_log_id = $1
