-- How many files a document has, and how large they are together.
update platform.exchange_documents d set files_count = s.many, files_bytes = s.bytes, updated_by = platform.current_user_id()
from (select count(*)::int as many, coalesce(sum(f.size_bytes), 0)::bigint as bytes from platform.exchange_files f
      where f.project_id = $1 and f.document_id = $2) s
where d.project_id = $1 and d.id = $2 and (d.files_count, d.files_bytes) is distinct from (s.many, s.bytes)
