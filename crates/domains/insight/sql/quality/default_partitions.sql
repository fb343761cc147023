-- Default partitions that hold rows: those fit into no partition that was made.
select count(*), count(*) filter (where pg_relation_size(c.oid) > 0),
       coalesce((array_agg(c.oid::regclass::text order by c.oid::regclass::text) filter (where pg_relation_size(c.oid) > 0))[1:5], '{}')
  from pg_partitioned_table p join pg_class c on c.oid = p.partdefid
