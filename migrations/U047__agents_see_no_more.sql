drop policy person_access on work.projects;
drop function platform.acts_for();
