-- The rules of the step before hold for what was there already.
alter table platform.metric_definitions validate constraint metric_definitions_critical_check;
alter table platform.metric_definitions validate constraint metric_definitions_misses_check;
alter table platform.metric_definitions validate constraint metric_definitions_whole_days_check;
alter table platform.metric_definitions validate constraint metric_definitions_advice_check;
