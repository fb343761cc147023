-- Takes back V027. Keys that were given stay taken.

drop table work.time_entries;
drop table work.tasks;
drop table work.change_request_approvals;
drop table work.change_request_impacts;
drop table work.change_requests;
drop table work.sprints;
drop function work.keep_given_answers();
drop function work.guard_change_request_approval();
drop function work.guard_change_request();
drop function work.task_search_vector();
drop function work.change_request_search_vector();
drop function work.sprint_search_vector();
drop function work.count_logged_minutes();
delete from platform.table_facts
where table_schema = 'work' and table_name in ('sprints', 'tasks', 'time_entries', 'change_requests', 'change_request_impacts', 'change_request_approvals');

-- Dropping a table tells its triggers nothing: what it had registered goes here.
alter table platform.entities no force row level security;
delete from platform.entities where entity_type in ('sprint', 'task', 'change_request');
alter table platform.entities force row level security;

-- The owner, too, is bound by row security; for this one step it has to see every organisation.
alter table authz.permissions no force row level security;
delete from authz.permissions p using authz.resource_types t
where t.id = p.resource_type_id and t.name in ('sprint', 'task', 'change_request');
alter table authz.permissions force row level security;
delete from authz.resource_types where name in ('sprint', 'task', 'change_request');
