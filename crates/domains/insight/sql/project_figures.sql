-- The counts of one project that its overview shows, and when they were counted. Nothing until the first counting, or when it is not visible.
-- $1 the project
select s.tasks_todo + s.tasks_in_progress + s.tasks_in_review + s.tasks_blocked, s.tasks_overdue, s.change_requests_open,
       s.vulnerabilities_critical + s.vulnerabilities_high, s.vulnerabilities_medium + s.vulnerabilities_low,
       s.deployments_30d, s.deployments_failed_30d, s.documents, s.members,
       s.coverage_percent::float8, s.hours_planned::float8, s.hours_actual::float8, s.refreshed_at
  from analytics.v_project_stats s where s.project_id = $1
