-- What is kept about requirements against a recount of a hundred of them.
select checked, differing, first from analytics.recount_evidence(100)
