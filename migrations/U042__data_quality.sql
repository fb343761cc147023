call platform.forget_resource_types('data_quality');
drop function analytics.recount_evidence(int);
-- Samples refer to the definition, and belong to organisations, of which whoever undoes a step is none.
alter table platform.metric_samples no force row level security;
delete from platform.metric_samples where metric_name = 'dq.timeliness';
alter table platform.metric_samples force row level security;
delete from platform.metric_definitions where name = 'dq.timeliness';
