-- What is measured, what it should come to, and what to do when it does not.
select d.name, d.unit, d.description, d.advice, d.target_operator, d.target_value, d.critical_value, d.misses
  from platform.metric_definitions d
 where d.whole_days is not null
 order by d.name
