-- The test cases behind fingerprints, with whether another system has a key for them; no row for a fingerprint nobody has used. The two facts
-- are asked for what was found only, so that no plan can begin with them.
select a.fingerprint, a.test_case_id,
       (select c.name from quality.test_cases c where c.organization_id = a.organization_id and c.id = a.test_case_id) as name,
       exists (select from quality.test_case_aliases k
               where k.organization_id = a.organization_id and k.project_id = $1 and k.test_case_id = a.test_case_id
                 and k.external_key is not null) as has_key
from quality.test_case_aliases a
where a.project_id = $1 and a.fingerprint = any($2)
