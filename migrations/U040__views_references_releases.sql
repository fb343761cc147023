call platform.forget_resource_types('saved_view', 'release');
drop table delivery.releases;
drop table platform.external_references;
drop table platform.saved_views;
delete from platform.table_facts
where (table_schema, table_name) in (('platform', 'saved_views'), ('platform', 'external_references'), ('delivery', 'releases'));
