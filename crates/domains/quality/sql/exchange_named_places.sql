-- What the text of a record names, as it was written, by document with files, the one that came last first. A row for each document.
select d.id, d.member_name, x.content -> 'attachments' as places
from platform.external_references x
join platform.exchange_documents d on d.project_id = x.project_id and d.id = x.document_id
where x.project_id = $1 and x.entity_id = $2 and d.files_count > 0 and d.member_name is not null and x.content ? 'attachments'
order by d.id desc
