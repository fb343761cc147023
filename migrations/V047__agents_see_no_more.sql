-- An agent that acts for a person sees no project that the person does not. Until now the second wall asked only the agent: one that was a
-- member of a private project read there for a person who was not.

create function platform.acts_for() returns uuid
  language sql stable parallel safe
  as $$ select nullif(current_setting('app.on_behalf_of_user_id', true), '')::uuid $$;
comment on function platform.acts_for() is
  'The person for whom the agent of this transaction acts. Null: whoever acts does so for themselves.';

create policy person_access on work.projects as restrictive for all
  using (platform.acts_for() is null
         or platform.sees_all_projects()
         or visibility in ('internal', 'public')
         or owner_user_id = platform.acts_for()
         or id in (select r.project_id from work.project_roles_of(platform.acts_for()) r)
         or id in (select h.project_id from authz.projects_held_in(platform.acts_for()) h))
  with check (true);
