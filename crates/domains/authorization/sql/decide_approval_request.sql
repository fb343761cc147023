-- Decides on the first step of a request that still lacks approvals; the table refuses whoever may not. No step is left when the request has ended.
insert into authz.approval_decisions (request_id, step_id, decision, comment)
values ($1,
        (select s.step_id from authz.approved_steps(platform.current_organization(), $1) s where not s.is_done order by s.step_number limit 1),
        $2, $3)
