-- The constraints on suspect links are checked against the links that were there, without holding up those who write.

alter table work.trace_links validate constraint trace_links_suspect_since_check;
alter table work.trace_links validate constraint trace_links_accepted_at_check;
alter table work.trace_links validate constraint trace_links_accepted_reason_check;
alter table work.trace_links validate constraint trace_links_accepted_by_fkey;
