-- The line itself: which record satisfies, implements, verifies, affects, mitigates or derives from which.

create table work.trace_links (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  source_id       uuid not null,
  target_id       uuid not null,
  link_type       text not null,
  criterion_id    uuid,
  origin          text not null default 'manual',
  created_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint trace_links_link_type_key unique nulls not distinct (organization_id, source_id, target_id, link_type, criterion_id),
  constraint trace_links_source_id_fkey foreign key (organization_id, project_id, source_id)
    references platform.entities (organization_id, project_id, id) on update cascade on delete cascade,
  constraint trace_links_target_id_fkey foreign key (organization_id, project_id, target_id)
    references platform.entities (organization_id, project_id, id) on update cascade on delete cascade,
  constraint trace_links_criterion_id_fkey foreign key (organization_id, project_id, criterion_id)
    references work.requirement_items (organization_id, project_id, id) on update cascade on delete cascade,
  constraint trace_links_target_id_check check (target_id <> source_id),
  constraint trace_links_link_type_check check (link_type in ('satisfies', 'implements', 'verifies', 'affects', 'mitigates', 'derives_from')),
  constraint trace_links_origin_check check (origin in ('manual', 'import', 'commit'))
);
create index trace_links_source_id_idx on work.trace_links (organization_id, source_id, project_id, link_type, target_id);
create index trace_links_target_id_idx on work.trace_links (organization_id, target_id, project_id, link_type, source_id);
create index trace_links_criterion_id_idx on work.trace_links (organization_id, criterion_id, project_id) where criterion_id is not null;

call platform.adopt_table('work.trace_links', 'confidential', 'while both ends exist', 'select, insert, delete');
comment on table work.trace_links is
  'One link of the line from need to proof: the source satisfies, implements, verifies, affects, mitigates or derives from the target. Both ends are in the same project.';
comment on column work.trace_links.source_id is 'Where the link starts: the test, the feature, the defect.';
comment on column work.trace_links.target_id is 'Where it leads: usually the requirement.';
comment on column work.trace_links.link_type is 'How the source stands to the target.';
comment on column work.trace_links.criterion_id is 'The one acceptance criterion that is meant. Null: the target as a whole.';
comment on column work.trace_links.origin is
  'manual: a person made it; import: a report named the key; commit: a commit message did.';
comment on constraint trace_links_target_id_check on work.trace_links is 'target must not be the record itself';
