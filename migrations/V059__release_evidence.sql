-- Release evidence: signed bundles that say what was required, what proves it, what is open and what was deployed where, kept as they were made.

call platform.declare_resource_type('evidence_bundle', 'Signed bundles that tell what a release, build or deployment was held to, and how it stood.',
  '{read,export}', '{create}', '{}');
call platform.give_resource_types('evidence_bundle');

create table security.evidence_bundles (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  name            text not null,
  subject         text not null,
  release_id      uuid,
  deployment_id   uuid,
  build_id        uuid not null,
  baseline_id     uuid,
  criteria_count  integer not null,
  proven_count    integer not null,
  open_count      integer not null,
  public_key      text not null,
  size_bytes      bigint not null,
  content_sha256  bytea not null,
  content         bytea not null,
  created_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint evidence_bundles_project_id_key unique (organization_id, project_id, id),
  constraint evidence_bundles_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete restrict,
  constraint evidence_bundles_release_id_fkey foreign key (organization_id, project_id, release_id)
    references delivery.releases (organization_id, project_id, id) on update cascade on delete restrict,
  constraint evidence_bundles_deployment_id_fkey foreign key (organization_id, project_id, deployment_id)
    references delivery.deployments (organization_id, project_id, id) on update cascade on delete restrict,
  constraint evidence_bundles_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete restrict,
  constraint evidence_bundles_baseline_id_fkey foreign key (organization_id, project_id, baseline_id)
    references work.baselines (organization_id, project_id, id) on update cascade on delete restrict,
  constraint evidence_bundles_name_check check (char_length(name) between 1 and 300),
  constraint evidence_bundles_subject_check check (subject in ('release', 'build', 'deployment')),
  constraint evidence_bundles_of_check check (
    (release_id is not null) = (subject = 'release') and (deployment_id is not null) = (subject = 'deployment')),
  constraint evidence_bundles_counts_check check (proven_count between 0 and criteria_count and open_count >= 0),
  constraint evidence_bundles_public_key_check check (char_length(public_key) between 1 and 500),
  constraint evidence_bundles_size_bytes_check check (size_bytes = octet_length(content) and size_bytes <= 134217728),
  constraint evidence_bundles_content_sha256_check check (content_sha256 = sha256(content))
);
create index evidence_bundles_release_id_idx on security.evidence_bundles (organization_id, release_id, project_id) where release_id is not null;
create index evidence_bundles_deployment_id_idx on security.evidence_bundles (organization_id, deployment_id, project_id) where deployment_id is not null;
create index evidence_bundles_build_id_idx on security.evidence_bundles (organization_id, build_id, project_id);
create index evidence_bundles_baseline_id_idx on security.evidence_bundles (organization_id, baseline_id, project_id) where baseline_id is not null;
-- It is compressed already, and read piece by piece.
alter table security.evidence_bundles alter column content set storage external;

call platform.adopt_table('security.evidence_bundles', 'confidential', 'for ever', 'select, insert');
comment on table security.evidence_bundles is
  'A signed bundle about a release, a build or a deployment: what was required, what proves it, what is open, what was deployed where. Kept as it was made, byte for byte.';
comment on column security.evidence_bundles.name is 'What it is about, in words, such as Release 2.4.0.';
comment on column security.evidence_bundles.subject is 'What kind of thing it was made for; it is always about one build.';
comment on column security.evidence_bundles.release_id is 'The release it was made for. Null: it was made for a build or a deployment.';
comment on column security.evidence_bundles.deployment_id is 'The deployment it was made for. Null: it was made for a build or a release.';
comment on column security.evidence_bundles.build_id is 'The build it is about.';
comment on column security.evidence_bundles.baseline_id is 'Where it takes from what was required. Null: from what the project said when it was made.';
comment on column security.evidence_bundles.criteria_count is 'Acceptance criteria of the requirements that had to be fulfilled.';
comment on column security.evidence_bundles.proven_count is 'Those of them that the build proves.';
comment on column security.evidence_bundles.open_count is
  'What was open: criteria without proof, failing tests, defects, findings, vulnerabilities and suspect links.';
comment on column security.evidence_bundles.public_key is 'The public key of the signature, as name+hash+key.';
comment on column security.evidence_bundles.size_bytes is 'How large the bundle is; at most 128 MiB.';
comment on column security.evidence_bundles.content_sha256 is 'SHA-256 of the bundle, to tell whether a copy is this one.';
comment on column security.evidence_bundles.content is 'The bundle: a compressed archive (.tar.gz) of evidence.json, evidence.html and the signature.';
comment on constraint evidence_bundles_name_check on security.evidence_bundles is 'name must be 1 to 300 characters long';
comment on constraint evidence_bundles_of_check on security.evidence_bundles is 'a bundle names the release or the deployment it was made for';
comment on constraint evidence_bundles_counts_check on security.evidence_bundles is 'no more criteria are proven than there are';
comment on constraint evidence_bundles_public_key_check on security.evidence_bundles is 'public key must be 1 to 500 characters long';
comment on constraint evidence_bundles_size_bytes_check on security.evidence_bundles is 'size bytes must be that of the content, at most 128 MiB';
comment on constraint evidence_bundles_content_sha256_check on security.evidence_bundles is 'content sha256 must be that of the content';

create function security.guard_evidence_bundle() returns trigger
  language plpgsql
  as $$
begin
  raise exception using errcode = 'TL409', message = format('The evidence %s is kept as it was made; make another bundle.', old.name);
end
$$;
comment on function security.guard_evidence_bundle() is 'Keeps a bundle as it was made, and with it what it is about.';
create trigger guard before update or delete on security.evidence_bundles for each row execute function security.guard_evidence_bundle();
