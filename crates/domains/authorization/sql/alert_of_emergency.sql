-- Tells those who look after security that somebody took a permission.
insert into security.security_events (event_type, severity, title, description, source_user_id, source_ip, user_agent, resource_type, resource_id,
                                      detection_method, event_data, occurred_at, detected_at)
values ('access.break_glass', 'high', $1, $2, $3, $4::text::inet, $5, 'role', $6, 'access_control', $7, $8, $8)
