-- Brings a requirement to what its file says; what the file does not say stays. No row when nothing differs.
update work.requirements r
set title = $2, description = $3::text, status = coalesce($4::text, r.status), priority_code = coalesce($5::text, r.priority_code),
    assigned_to_user_id = coalesce($6::uuid, r.assigned_to_user_id), updated_by = platform.current_user_id()
where r.id = $1
  and (r.title, r.description, r.status, r.priority_code, r.assigned_to_user_id) is distinct from
      ($2, $3::text, coalesce($4::text, r.status), coalesce($5::text, r.priority_code), coalesce($6::uuid, r.assigned_to_user_id))
