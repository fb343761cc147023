-- The test cases behind fingerprints, with whether another system has a key for them; no row for a fingerprint nobody has used.
select a.fingerprint, a.test_case_id, c.name,
       exists (select from quality.test_case_aliases k
               where k.project_id = a.project_id and k.test_case_id = a.test_case_id and k.external_key is not null) as has_key
from quality.test_case_aliases a
join quality.test_cases c on c.project_id = a.project_id and c.id = a.test_case_id
where a.project_id = $1 and a.fingerprint = any($2)
