-- The counts of one member, and when they were counted. Nothing until the first counting after they joined.
-- $1 the member
select s.open_tasks, s.overdue_tasks, s.assigned_defects, s.open_change_requests, s.pending_approvals, s.unread_notifications, s.projects,
       s.minutes_logged_30d, s.refreshed_at
  from analytics.v_user_dashboard_stats s where s.user_id = $1
