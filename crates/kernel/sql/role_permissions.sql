-- What each role gives; nothing for a role without permissions. What has ended gives nothing again.
select role_id, permission_id, valid_from, valid_until, additional_conditions from authz.role_permissions
where valid_until is null or valid_until > $1
