call platform.forget_resource_types('activity');
drop trigger keep_version on work.projects;
drop trigger keep_version_new on work.projects;
do $$
begin
  if to_regclass('documents.documents') is not null then
    drop trigger if exists keep_version on documents.documents;
    drop trigger if exists keep_version_new on documents.documents;
  end if;
end
$$;
drop function audit.restore_document_version(uuid, bigint);
drop function audit.restore_project_version(uuid, bigint);
drop function audit.restore_snapshot(regclass, regclass, name, uuid, bigint);
drop function audit.keep_version();
drop table audit.document_history;
drop table audit.project_history;
drop table audit.activity_logs;
drop table audit.change_tracking;
drop table audit.change_sets;
delete from platform.table_facts
where table_schema = 'audit' and table_name in ('change_sets', 'change_tracking', 'activity_logs', 'project_history', 'document_history');
