-- What the reviewers of a pull request say together.
select case when bool_or(r.verdict = 'changes_requested') then 'changes_requested'
            when bool_or(r.verdict = 'approved') then 'approved'
            when bool_or(r.verdict = 'commented') then 'commented'
            else 'none' end
  from delivery.pull_request_reviews r where r.pull_request_id = $1
