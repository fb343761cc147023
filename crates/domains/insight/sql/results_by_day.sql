-- Results of a project by day of its builds, oldest first; the latest days only.
-- $1 the project, $2 how many days
select d.day, d.passed, d.failed, d.errors, d.skipped, d.duration_ms
  from (select * from analytics.rollup_results_daily r where r.project_id = $1 order by r.day desc limit $2) d
 order by d.day
