drop function platform.search(text, text[], text[], text[], uuid[], uuid, text[], uuid[], text[], text[], uuid[], timestamptz, timestamptz, int, int, boolean);
drop function platform.search_query(text);
drop policy search on platform.entities;
alter policy open on platform.entities to public;
alter policy tenant_isolation on platform.entities to public;
alter policy project_access on platform.entities to public;
alter policy document_access on platform.entities to public;
revoke execute on function work.project_roles_of(uuid) from throughline_search;
revoke select on platform.entities, work.projects, work.entity_keys, work.entity_tags, reference.tags,
  documents.documents, llm.conversations, llm.prompt_templates, analytics.reports, analytics.report_shares from throughline_search;
revoke usage on schema platform, work, reference, documents, llm, analytics from throughline_search;
drop index platform.entities_search_vector_idx;
drop function platform.search_words(tsvector, uuid, text, uuid, bigint);
alter table platform.entities drop column entry_number;
update platform.table_facts set statistics = array_remove(statistics, 'entry_number') where (table_schema, table_name) = ('platform', 'entities');
create index entities_search_vector_idx on platform.entities using gin (search_vector) with (gin_pending_list_limit = 16384);
-- The role stays: it belongs to the cluster, and other databases may use it.
