-- The gate: what a build of a project has to fulfil, as rows that a team changes without touching a pipeline.

call platform.declare_resource_type('gate_rule', 'What a build has to fulfil.', '{read,export}', '{}', '{update}');
call platform.give_resource_types('gate_rule');

create table delivery.gate_rules (
  organization_id uuid not null default platform.current_organization(),
  id              uuid not null default platform.uuid_v7(),
  project_id      uuid not null,
  rule            text not null,
  severity        text,
  allowed         integer not null default 0,
  is_active       boolean not null default true,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  updated_by      uuid,
  row_version     bigint not null default 1,
  primary key (organization_id, id),
  constraint gate_rules_project_id_key unique (organization_id, project_id, rule),
  constraint gate_rules_project_id_fkey foreign key (organization_id, project_id) references work.projects on update cascade on delete cascade,
  constraint gate_rules_rule_check check (rule in ('open_defects', 'unproven_criteria', 'suspect_links', 'falling_coverage', 'new_vulnerabilities', 'failing_tests')),
  constraint gate_rules_severity_check check (severity in ('critical', 'high', 'medium', 'low')),
  constraint gate_rules_allowed_check check (allowed between 0 and 1000000),
  constraint gate_rules_has_severity_check check ((rule in ('open_defects', 'new_vulnerabilities')) = (severity is not null))
);
call platform.adopt_table('delivery.gate_rules', 'internal', 'while the project exists');
comment on table delivery.gate_rules is
  'What a build of a project has to fulfil before it goes on. Every project has one row for each rule that there is, and says how strict it is and whether it is in force.';
comment on column delivery.gate_rules.rule is
  'What is counted: open defects, criteria that the build does not prove, suspect links, percentage points of line coverage lost since the build before, new vulnerabilities, failing tests that are not in quarantine.';
comment on column delivery.gate_rules.severity is
  'For defects and vulnerabilities: the least severity that counts. Null: the rule is about neither.';
comment on column delivery.gate_rules.allowed is 'How many, or how many percentage points, still pass.';
comment on column delivery.gate_rules.is_active is 'False: it is answered and fails no build, so that it can be tried first.';
comment on constraint gate_rules_allowed_check on delivery.gate_rules is 'allowed must be from 0 to 1,000,000';
comment on constraint gate_rules_has_severity_check on delivery.gate_rules is 'severity belongs to defects and vulnerabilities, and they need one';

-- What a project begins with. A scanner is not everywhere, so that rule waits until somebody wants it.
create function delivery.default_gate_rules() returns table (rule text, severity text, is_active boolean)
  language sql immutable
  as $$
    values ('open_defects', 'critical', true), ('unproven_criteria', null, true), ('suspect_links', null, true), ('falling_coverage', null, true),
           ('new_vulnerabilities', 'high', false), ('failing_tests', null, true)
  $$;
comment on function delivery.default_gate_rules() is 'The rules that a new project begins with.';

create function delivery.give_gate_rules() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  -- Whoever makes a project is a member of it a moment later.
  perform set_config('app.project_access', 'all', true);
  insert into delivery.gate_rules (organization_id, project_id, rule, severity, is_active)
  select n.organization_id, n.id, d.rule, d.severity, d.is_active from new_rows n cross join delivery.default_gate_rules() d;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function delivery.give_gate_rules() is 'Gives new projects the rules that a project begins with.';
create trigger gate_rules_of_new after insert on work.projects referencing new table as new_rows
  for each statement execute function delivery.give_gate_rules();

do $backfill$
declare
  holder uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true), set_config('app.project_access', 'all', true);
    insert into delivery.gate_rules (organization_id, project_id, rule, severity, is_active)
    select p.organization_id, p.id, d.rule, d.severity, d.is_active
    from work.projects p cross join delivery.default_gate_rules() d where p.organization_id = holder;
  end loop;
  perform set_config('app.current_organization_id', '', true), set_config('app.project_access', '', true);
end
$backfill$;

-- What the rules count ------------------------------------------------------------------------------------------------

create function delivery.outcomes_in(p_project uuid, p_build uuid) returns table (test_case_id uuid, outcome text)
  language sql stable
  as $$
    select distinct on (run.test_case_id) run.test_case_id, (array['error', 'failed', 'skipped', 'passed'])[run.worst]
      from (select x.test_case_id, max(x.id::text) as latest, min(array_position(array['error', 'failed', 'skipped', 'passed'], x.status)) as worst
              from quality.test_results x
             where x.organization_id = platform.current_organization() and x.project_id = p_project and x.build_id = p_build
             group by x.test_case_id, x.test_run_id) run
     order by run.test_case_id, run.latest desc
  $$;
comment on function delivery.outcomes_in(uuid, uuid) is
  'How each test of a build ended: in its latest run, and of several results in that the worst.';

create function delivery.failing_tests(p_project uuid, p_build uuid) returns table (key text, name text)
  language sql stable
  as $$
    select t.key, t.name
      from delivery.outcomes_in(p_project, p_build) o
      join quality.test_cases t on t.organization_id = platform.current_organization() and t.id = o.test_case_id
     where t.project_id = p_project and t.status = 'active' and t.deleted_at is null and o.outcome in ('failed', 'error')
       and not quality.is_quarantined(t.organization_id, t.id, now())
     order by length(t.key), t.key
  $$;
comment on function delivery.failing_tests(uuid, uuid) is 'The active tests that failed or broke in a build and are not set aside.';

create function delivery.unproven_criteria(p_project uuid, p_build uuid) returns table (key text, title text, criteria bigint)
  language sql stable
  as $$
    with judged as (
      select l.criterion_id, bool_or(o.outcome = 'passed') and not bool_or(coalesce(o.outcome in ('failed', 'error'), false)) as proven
        from work.trace_links l
        join quality.test_cases t on t.organization_id = l.organization_id and t.id = l.source_id and t.status = 'active' and t.deleted_at is null
        left join delivery.outcomes_in(p_project, p_build) o on o.test_case_id = t.id
       where l.organization_id = platform.current_organization() and l.project_id = p_project and l.link_type = 'verifies' and l.criterion_id is not null
       group by l.criterion_id
    )
    select r.key, r.title, count(*)
      from work.requirements r
      join work.requirement_items i on i.organization_id = r.organization_id and i.requirement_id = r.id and i.item_kind = 'acceptance_criterion'
      left join judged j on j.criterion_id = i.id
     where r.organization_id = platform.current_organization() and r.project_id = p_project and r.deleted_at is null
       and r.status in ('approved', 'in_progress', 'completed') and not coalesce(j.proven, false)
     group by r.id, r.key, r.title, r.number
     order by count(*) desc, r.number
  $$;
comment on function delivery.unproven_criteria(uuid, uuid) is
  'The criteria that a build does not prove, by requirement, the most first: no test of theirs passed in it, or one failed. Drafts and rejected requirements need no proof.';

create function delivery.coverage_in(p_project uuid, p_build uuid) returns numeric
  language sql stable
  as $$
    -- The report on the whole where there is one, else all components together.
    with latest as (
      select distinct on (c.component) c.component, c.lines_total, c.lines_covered
        from quality.coverage_reports c
       where c.organization_id = platform.current_organization() and c.project_id = p_project and c.build_id = p_build
       order by c.component, c.id desc
    )
    select round(100.0 * sum(l.lines_covered) / nullif(sum(l.lines_total), 0), 2)
      from latest l where l.component = '' or not exists (select from latest w where w.component = '')
  $$;
comment on function delivery.coverage_in(uuid, uuid) is 'Lines covered in a build, in percent. Null: nothing was measured.';
