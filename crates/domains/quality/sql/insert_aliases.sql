-- Stores names and keys under which test cases were reported for the first time.
insert into quality.test_case_aliases (id, project_id, test_case_id, fingerprint, suite_path, class_name, case_name, external_key)
select a.id, $1, a.test_case_id, a.fingerprint, a.suite_path, a.class_name, a.case_name, a.external_key
from unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[])
     a (id, test_case_id, fingerprint, suite_path, class_name, case_name, external_key)
