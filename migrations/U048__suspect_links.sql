drop trigger suspect on quality.defects;
drop trigger suspect on quality.test_cases;
drop trigger suspect on work.features;
drop trigger suspect on work.requirement_items;
drop trigger suspect on work.requirements;
drop function work.suspect_links_of_criterion();
drop function work.suspect_links_of();
revoke update (suspect_since, source_fingerprint, target_fingerprint, criterion_fingerprint, accepted_at, accepted_by, accepted_reason)
  on work.trace_links from application_user;
alter table work.trace_links
  drop column accepted_reason, drop column accepted_by, drop column accepted_at,
  drop column criterion_fingerprint, drop column target_fingerprint, drop column source_fingerprint, drop column suspect_since;
