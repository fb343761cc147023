-- Takes back V028. What was found by its tags is found by its own words again once it changes.

drop trigger retag on reference.tags;
drop trigger add_tag_words on platform.entities;
drop table work.project_catalog_features;
drop table work.project_tech_stacks;
drop table work.entity_tags;
drop table work.comment_mentions;
drop table work.comments;
drop table work.decision_links;
drop table work.decisions;
drop function work.retag_renamed();
drop function work.retag_entities();
drop function work.guard_comment();
drop function work.decision_search_vector();
drop function platform.fetch_words(uuid, uuid[]);
drop function platform.add_tag_words();
drop table authz.approval_decisions;
drop table authz.approval_requests;
drop function authz.conclude_approval_request();
drop function authz.guard_approval_decision();
drop function authz.check_approval_workflow();
drop function authz.guard_approval_request();
drop function authz.approved_steps(uuid, uuid);
delete from platform.table_facts
where table_schema = 'work' and table_name in ('decisions', 'decision_links', 'comments', 'comment_mentions', 'entity_tags', 'project_tech_stacks',
  'project_catalog_features')
  or table_schema = 'authz' and table_name in ('approval_requests', 'approval_decisions');

-- Dropping a table tells its triggers nothing: what it had registered goes here.
alter table platform.entities no force row level security;
delete from platform.entities where entity_type in ('decision');
alter table platform.entities force row level security;

-- The owner, too, is bound by row security; for this one step it has to see every organisation.
alter table authz.permissions no force row level security;
delete from authz.permissions p using authz.resource_types t
where t.id = p.resource_type_id and t.name in ('approval_request', 'decision', 'comment', 'tag');
alter table authz.permissions force row level security;
delete from authz.resource_types where name in ('approval_request', 'decision', 'comment', 'tag');
