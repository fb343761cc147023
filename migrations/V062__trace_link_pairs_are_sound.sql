-- The new constraints are checked against what was there, without holding up those who write.

alter table work.trace_links validate constraint trace_links_origin_check;
alter table delivery.commits validate constraint commits_branch_name_check;
