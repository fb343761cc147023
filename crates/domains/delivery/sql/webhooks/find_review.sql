-- What this reviewer said last about a pull request, and when; no row when nothing.
select r.id, r.verdict, r.reviewed_at from delivery.pull_request_reviews r where r.pull_request_id = $1 and r.reviewer_name = $2
