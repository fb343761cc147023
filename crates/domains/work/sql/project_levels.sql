-- The kinds of test that a project has, which are the columns of its matrix.
-- $1 project
select k.test_type
  from unnest(array['unit', 'integration', 'e2e', 'performance', 'security', 'accessibility']) with ordinality k(test_type, at)
 where exists (select from quality.test_cases t
                where t.project_id = $1 and t.test_type = k.test_type and t.status = 'active' and t.deleted_at is null
                  and /* readable test-cases t.id */ true)
 order by k.at
