drop index platform.entities_project_kind_idx;
