-- The document that records come in, made or brought to what the file says; one that comes without an archive keeps its name in the one before. One row:
-- its identifier, whether it is new, and whether it differed.
with before as (
  select id, title, frame, member_name from platform.exchange_documents where project_id = $1 and system = $2 and identifier = $3
), changed as (
  update platform.exchange_documents d
  set title = $4, format = $5, frame = $6::jsonb, member_name = coalesce($8::text, d.member_name), updated_by = platform.current_user_id()
  from before b
  where d.id = b.id and (d.title <> $4 or d.frame <> $6::jsonb or coalesce($8::text, d.member_name) is distinct from d.member_name)
  returning d.id
), made as (
  insert into platform.exchange_documents (id, project_id, system, identifier, title, format, frame, member_name)
  select $7, $1, $2, $3, $4, $5, $6::jsonb, $8::text where not exists (select from before)
  returning id
)
select coalesce((select id from made), (select id from before)) as id, exists (select from made) as is_new, exists (select from changed) as is_changed
