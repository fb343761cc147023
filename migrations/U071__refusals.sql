drop function audit.is_kept_from_view(text, uuid);
revoke usage on schema audit from throughline_auth;
