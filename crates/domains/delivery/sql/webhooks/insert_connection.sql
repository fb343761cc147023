-- Keeps a connection with its sealed secret.
insert into platform.webhook_connections
  (id, project_id, name, provider, repository, issue_label, acts_as, secret_ciphertext, secret_changed_at, created_by, updated_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7, $7)
