-- The documents that requirements of a project came in and can go back to: the one with this identifier, else the newest. No row when there is none.
select d.id, d.title, d.frame, d.member_name from platform.exchange_documents d
where d.project_id = $1 and ($2::uuid is null or d.id = $2) and d.frame ? 'root_name' and /* readable exchange-documents d.id */ true
order by d.id desc
limit 1
