-- What data quality needs of the database beside the questions the program asks: a target for timeliness, and a recount of evidence that changes nothing.

insert into platform.metric_definitions (name, kind, unit, description, target_operator, target_value) values
  ('dq.timeliness', 'gauge', 'percent', 'Share of records that were looked after within their time.', '>=', 95);

create function analytics.recount_evidence(p_sample int, out checked bigint, out differing bigint, out first text[])
  language plpgsql
  as $$
declare
  chosen uuid[];
  before jsonb;
begin
  -- The last ones to change and some of the rest, so that both the trigger of today and what was forgotten long ago are looked at.
  chosen := array(
    (select e.requirement_id from work.requirement_evidence e order by e.changed_at desc limit p_sample / 2)
    union
    (select e.requirement_id from work.requirement_evidence e where e.requirement_id >= (
       select r.requirement_id from work.requirement_evidence r offset floor(random() * greatest((select count(*) from work.requirement_evidence) - p_sample / 2, 0)) limit 1)
     order by e.requirement_id limit p_sample / 2));
  before := (select jsonb_object_agg(e.requirement_id, jsonb_build_array(e.criteria, e.criteria_proven, e.tests, e.passed, e.failed, e.errors, e.skipped))
               from work.requirement_evidence e where e.requirement_id = any (chosen));
  checked := cardinality(chosen);
  differing := 0;
  first := '{}';
  begin
    perform work.refresh_evidence(chosen);
    select count(*), coalesce((array_agg('REQ-' || e.number order by e.number))[1:5], '{}') into differing, first
      from work.requirement_evidence e
     where e.requirement_id = any (chosen)
       and jsonb_build_array(e.criteria, e.criteria_proven, e.tests, e.passed, e.failed, e.errors, e.skipped) is distinct from before -> e.requirement_id::text;
    -- Whoever measures must not mend: the fault would be gone, and with it the way to its cause.
    raise exception using errcode = 'TL000', message = 'counted, and undone';
  exception when sqlstate 'TL000' then
    null;
  end;
end
$$;
comment on function analytics.recount_evidence(int) is
  'Works the evidence of a sample of requirements out again, says how many figures were wrong, and leaves everything as it was.';

-- What is measured tells of every project, so it is for those who look after the organisation.
call platform.declare_resource_type('data_quality', 'How complete, right, consistent and fresh the records are.', '{}', '{}', '{read,create,update,delete,restore,export}');
