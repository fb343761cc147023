-- What builds contain (bills of materials), and what is said of vulnerabilities in it: enough to tell where a component runs.

create table security.sboms (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  build_id         uuid,
  import_id        uuid,
  serial_number    text,
  spec_version     text not null,
  subject_name     text,
  subject_version  text,
  components_count int not null default 0,
  received_at      timestamptz not null default now(),
  created_at       timestamptz not null default now(),
  created_by       uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint sboms_project_id_key unique (organization_id, project_id, id),
  constraint sboms_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint sboms_build_id_fkey foreign key (organization_id, project_id, build_id)
    references delivery.builds (organization_id, project_id, id) on update cascade on delete cascade,
  constraint sboms_import_id_fkey foreign key (organization_id, project_id, import_id)
    references platform.imports (organization_id, project_id, id) on update cascade on delete set null (import_id),
  constraint sboms_serial_number_check check (char_length(serial_number) between 1 and 200),
  constraint sboms_spec_version_check check (char_length(spec_version) <= 20),
  constraint sboms_subject_name_check check (char_length(subject_name) between 1 and 500),
  constraint sboms_subject_version_check check (char_length(subject_version) between 1 and 200),
  constraint sboms_components_count_check check (components_count >= 0)
);
create index sboms_build_id_idx on security.sboms (organization_id, build_id, project_id) where build_id is not null;
create index sboms_import_id_idx on security.sboms (organization_id, import_id, project_id) where import_id is not null;
create index sboms_serial_number_idx on security.sboms (organization_id, serial_number) where serial_number is not null;

create table security.sbom_components (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  sbom_id         uuid not null,
  is_subject      boolean not null default false,
  reference       text,
  kind            text,
  group_name      text,
  name            text not null,
  version         text,
  package_url     text,
  package         text,
  package_version text,
  scope           text,
  licences        text[] not null default '{}',
  primary key (organization_id, id),
  constraint sbom_components_sbom_id_fkey foreign key (organization_id, project_id, sbom_id)
    references security.sboms (organization_id, project_id, id) on update cascade on delete cascade,
  constraint sbom_components_reference_check check (char_length(reference) <= 1000),
  constraint sbom_components_kind_check check (char_length(kind) <= 60),
  constraint sbom_components_group_name_check check (char_length(group_name) <= 500),
  constraint sbom_components_name_check check (char_length(name) between 1 and 500),
  constraint sbom_components_version_check check (char_length(version) <= 200),
  constraint sbom_components_package_url_check check (char_length(package_url) <= 1000),
  constraint sbom_components_package_check check (char_length(package) <= 1000),
  constraint sbom_components_package_version_check check (char_length(package_version) <= 1000 and (package_version is null or package is not null)),
  constraint sbom_components_scope_check check (char_length(scope) <= 60)
);
create index sbom_components_sbom_id_idx on security.sbom_components (organization_id, sbom_id, project_id, reference);
create index sbom_components_package_idx on security.sbom_components (organization_id, package, package_version) where package is not null;

create table security.vulnerability_statements (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  sbom_id         uuid,
  import_id       uuid,
  identifier      text not null,
  source          text,
  severity        text,
  score           numeric(3,1),
  description     text,
  recommendation  text,
  analysis_state  text,
  justification   text,
  detail          text,
  state           text generated always as (case
    when analysis_state in ('not_affected', 'false_positive') then 'false_positive'
    when analysis_state in ('resolved', 'resolved_with_pedigree') then 'fixed'
    when analysis_state = 'exploitable' then 'confirmed'
    else 'open' end) stored,
  stated_at       timestamptz not null default now(),
  created_at      timestamptz not null default now(),
  created_by      uuid default platform.current_user_id(),
  primary key (organization_id, id),
  constraint vulnerability_statements_project_id_key unique (organization_id, project_id, id),
  constraint vulnerability_statements_project_id_fkey foreign key (organization_id, project_id) references work.projects
    on update cascade on delete cascade,
  constraint vulnerability_statements_sbom_id_fkey foreign key (organization_id, project_id, sbom_id)
    references security.sboms (organization_id, project_id, id) on update cascade on delete cascade,
  constraint vulnerability_statements_import_id_fkey foreign key (organization_id, project_id, import_id)
    references platform.imports (organization_id, project_id, id) on update cascade on delete set null (import_id),
  constraint vulnerability_statements_identifier_check check (char_length(identifier) between 1 and 200),
  constraint vulnerability_statements_source_check check (char_length(source) <= 500),
  constraint vulnerability_statements_severity_check check (severity in ('critical', 'high', 'medium', 'low', 'info', 'none', 'unknown')),
  constraint vulnerability_statements_score_check check (score between 0 and 10),
  constraint vulnerability_statements_description_check check (char_length(description) <= 10000),
  constraint vulnerability_statements_recommendation_check check (char_length(recommendation) <= 10000),
  constraint vulnerability_statements_analysis_state_check check (char_length(analysis_state) <= 60),
  constraint vulnerability_statements_justification_check check (char_length(justification) <= 200),
  constraint vulnerability_statements_detail_check check (char_length(detail) <= 10000)
);
create index vulnerability_statements_sbom_id_idx on security.vulnerability_statements (organization_id, sbom_id, project_id) where sbom_id is not null;
create index vulnerability_statements_import_id_idx on security.vulnerability_statements (organization_id, import_id, project_id) where import_id is not null;
create index vulnerability_statements_identifier_idx on security.vulnerability_statements (organization_id, identifier, id);

create table security.vulnerability_affects (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  statement_id    uuid not null,
  position        int not null default 1,
  reference       text not null,
  serial_number   text,
  sbom_id         uuid,
  package         text,
  package_version text,
  version_range   text,
  is_affected     boolean not null default true,
  primary key (organization_id, id),
  constraint vulnerability_affects_statement_id_fkey foreign key (organization_id, project_id, statement_id)
    references security.vulnerability_statements (organization_id, project_id, id) on update cascade on delete cascade,
  constraint vulnerability_affects_sbom_id_fkey foreign key (organization_id, project_id, sbom_id)
    references security.sboms (organization_id, project_id, id) on update cascade on delete cascade,
  constraint vulnerability_affects_position_check check (position > 0),
  constraint vulnerability_affects_reference_check check (char_length(reference) <= 1000),
  constraint vulnerability_affects_serial_number_check check (char_length(serial_number) <= 200),
  constraint vulnerability_affects_package_check check (char_length(package) <= 1000),
  constraint vulnerability_affects_package_version_check check (char_length(package_version) <= 1000),
  constraint vulnerability_affects_version_range_check check (char_length(version_range) <= 2000)
);
create index vulnerability_affects_statement_id_idx on security.vulnerability_affects (organization_id, statement_id, project_id);
create index vulnerability_affects_sbom_id_idx on security.vulnerability_affects (organization_id, sbom_id, project_id) where sbom_id is not null;

call platform.adopt_table('security.sboms', 'confidential', 'while the project and the build exist', 'select, insert, update');
call platform.adopt_table('security.sbom_components', 'confidential', 'while the bill of materials is kept', 'select, insert');
call platform.adopt_table('security.vulnerability_statements', 'confidential', 'while the project exists', 'select, insert');
call platform.adopt_table('security.vulnerability_affects', 'confidential', 'while the statement is kept', 'select, insert');

comment on table security.sboms is 'A bill of materials: what a build contains, by one document.';
comment on column security.sboms.build_id is 'The build it is of. Null: of none, so it does not tell what runs.';
comment on column security.sboms.import_id is 'The file it came in. Null: it is no longer kept.';
comment on column security.sboms.serial_number is 'What the document is called among all documents, urn:uuid:…. Null: it has no name.';
comment on column security.sboms.spec_version is 'The version of CycloneDX it is written in.';
comment on column security.sboms.subject_name is 'What it is about. Null: it does not say.';
comment on column security.sboms.subject_version is 'The version of that. Null: it does not say.';
comment on column security.sboms.components_count is 'Components it lists, nested ones too, without its subject.';
comment on column security.sboms.received_at is 'When it came in.';
comment on constraint sboms_serial_number_check on security.sboms is 'serial number must be 1 to 200 characters long';
comment on constraint sboms_spec_version_check on security.sboms is 'spec version must be at most 20 characters long';
comment on constraint sboms_subject_name_check on security.sboms is 'subject name must be 1 to 500 characters long';
comment on constraint sboms_subject_version_check on security.sboms is 'subject version must be 1 to 200 characters long';
comment on constraint sboms_components_count_check on security.sboms is 'components count must not be negative';

comment on table security.sbom_components is 'A component in a bill of materials: its use there.';
comment on column security.sbom_components.sbom_id is 'The bill of materials.';
comment on column security.sbom_components.is_subject is 'Whether it is what the whole document is about.';
comment on column security.sbom_components.reference is 'What the document calls it (bom-ref). Null: nothing.';
comment on column security.sbom_components.kind is 'library, application, container and so on. Null: it does not say.';
comment on column security.sbom_components.group_name is 'Its group, vendor or name space. Null: none.';
comment on column security.sbom_components.name is 'Its name.';
comment on column security.sbom_components.version is 'Its version. Null: it does not say.';
comment on column security.sbom_components.package_url is 'The package URL as written. Null: none.';
comment on column security.sbom_components.package is 'The package URL without version, qualifiers and subpath: the package in all its versions. Null: none.';
comment on column security.sbom_components.package_version is 'The version in the package URL, else that of the component. Null: neither says.';
comment on column security.sbom_components.scope is 'required, optional or excluded. Null: it does not say.';
comment on column security.sbom_components.licences is 'SPDX identifiers, expressions or names; an array, because they are the document''s and never change.';
comment on constraint sbom_components_reference_check on security.sbom_components is 'reference must be at most 1,000 characters long';
comment on constraint sbom_components_kind_check on security.sbom_components is 'kind must be at most 60 characters long';
comment on constraint sbom_components_group_name_check on security.sbom_components is 'group name must be at most 500 characters long';
comment on constraint sbom_components_name_check on security.sbom_components is 'name must be 1 to 500 characters long';
comment on constraint sbom_components_version_check on security.sbom_components is 'version must be at most 200 characters long';
comment on constraint sbom_components_package_url_check on security.sbom_components is 'package url must be at most 1,000 characters long';
comment on constraint sbom_components_package_check on security.sbom_components is 'package must be at most 1,000 characters long';
comment on constraint sbom_components_package_version_check on security.sbom_components is
  'package version must be at most 1,000 characters long and needs a package';
comment on constraint sbom_components_scope_check on security.sbom_components is 'scope must be at most 60 characters long';

comment on table security.vulnerability_statements is
  'What a document says about a vulnerability: what it is, and what was found out about it in the product (VEX). Never changed; the latest counts.';
comment on column security.vulnerability_statements.sbom_id is 'The bill of materials in the same document. Null: it has no components.';
comment on column security.vulnerability_statements.import_id is 'The file it came in. Null: it is no longer kept.';
comment on column security.vulnerability_statements.identifier is 'What its source calls it, in capitals, such as CVE-2024-3094.';
comment on column security.vulnerability_statements.source is 'Who published it. Null: it does not say.';
comment on column security.vulnerability_statements.severity is 'The worst of its ratings. Null: it has none.';
comment on column security.vulnerability_statements.score is 'The highest score of its ratings, 0 to 10. Null: it has none.';
comment on column security.vulnerability_statements.description is 'What it is. Null: it does not say.';
comment on column security.vulnerability_statements.recommendation is 'What to do. Null: it does not say.';
comment on column security.vulnerability_statements.analysis_state is 'What was found out, as the document writes it. Null: nothing yet.';
comment on column security.vulnerability_statements.justification is 'Why the product is not affected, as the document writes it. Null: it does not say.';
comment on column security.vulnerability_statements.detail is 'What was found out, in words. Null: it does not say.';
comment on column security.vulnerability_statements.state is
  'The same in the words of findings: false_positive for not_affected and false_positive, fixed for resolved, confirmed for exploitable, else open.';
comment on column security.vulnerability_statements.stated_at is 'When the document came in.';
comment on constraint vulnerability_statements_identifier_check on security.vulnerability_statements is 'identifier must be 1 to 200 characters long';
comment on constraint vulnerability_statements_source_check on security.vulnerability_statements is 'source must be at most 500 characters long';
comment on constraint vulnerability_statements_score_check on security.vulnerability_statements is 'score must be from 0 to 10';
comment on constraint vulnerability_statements_description_check on security.vulnerability_statements is 'description must be at most 10,000 characters long';
comment on constraint vulnerability_statements_recommendation_check on security.vulnerability_statements is 'recommendation must be at most 10,000 characters long';
comment on constraint vulnerability_statements_analysis_state_check on security.vulnerability_statements is 'analysis state must be at most 60 characters long';
comment on constraint vulnerability_statements_justification_check on security.vulnerability_statements is 'justification must be at most 200 characters long';
comment on constraint vulnerability_statements_detail_check on security.vulnerability_statements is 'detail must be at most 10,000 characters long';

comment on table security.vulnerability_affects is 'What a statement about a vulnerability is about: a component, a package, or versions of one, each in a row.';
comment on column security.vulnerability_affects.statement_id is 'The statement.';
comment on column security.vulnerability_affects.position is 'Which of the things that the statement names, from 1; several versions of one share it.';
comment on column security.vulnerability_affects.reference is 'What the document calls it: a bom-ref, a package URL, or the part of a link after #.';
comment on column security.vulnerability_affects.serial_number is 'The document that the reference is in. Null: its own, or none is named.';
comment on column security.vulnerability_affects.sbom_id is 'The bill of materials of the same document, if that has the reference. Null: it has not.';
comment on column security.vulnerability_affects.package is 'The package in all its versions, as in security.sbom_components. Null: unknown.';
comment on column security.vulnerability_affects.package_version is 'The version that is meant. Null: every one, or the range.';
comment on column security.vulnerability_affects.version_range is 'A range (vers:…), kept as it is written and not compared. Null: none.';
comment on column security.vulnerability_affects.is_affected is 'False: the document says that this version is not affected.';
comment on constraint vulnerability_affects_position_check on security.vulnerability_affects is 'position must be positive';
comment on constraint vulnerability_affects_reference_check on security.vulnerability_affects is 'reference must be at most 1,000 characters long';
comment on constraint vulnerability_affects_serial_number_check on security.vulnerability_affects is 'serial number must be at most 200 characters long';
comment on constraint vulnerability_affects_package_check on security.vulnerability_affects is 'package must be at most 1,000 characters long';
comment on constraint vulnerability_affects_package_version_check on security.vulnerability_affects is 'package version must be at most 1,000 characters long';
comment on constraint vulnerability_affects_version_range_check on security.vulnerability_affects is 'version range must be at most 2,000 characters long';
