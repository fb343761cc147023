-- What metrics should come to here in place of what the program declares, and of what. Nothing is wanted where one is switched off.
select t.metric_name, t.subject, case when t.is_active then t.target_operator end, t.target_value, t.critical_value, t.misses
  from platform.metric_targets t
